"""What the published descriptions of Marketo's API require of each reply.

Source: Adobe's developer documentation, the repository AdobeDocs/marketo-developer.en as of
2026-08-17, `help/rest-api/assets/swagger-mapi.json`, `swagger-asset.json`, `swagger-identity.json`.
 `ITEMS` holds the `required` of a definition there by the definition's name; `REPLIES`
says which definition the items of an endpoint's `result` are of. `DOCUMENTED` holds the few where
the documentation's own example replies lack required keys, with the page of the example: there the
examples win, since they show what is really sent.
"""

from collections.abc import Mapping

ENVELOPE = frozenset({"requestId", "success"})
"""Required of every reply (`ResponseOf...`); `errors` and `warnings` are required there too, but no
example of the Lead Database has them in a success (leads.md, activities.md, bulk-extract.md)."""
ASSET_ENVELOPE = ENVELOPE | {"errors", "warnings"}
"""Of the Asset API (static-lists.md, programs.md), which does show them."""
IDENTITY = frozenset({"access_token", "scope", "expires_in", "token_type"})
"""`ResponseOfIdentity`."""

_FIELD = (
    "displayName name description dataType isHidden isHtmlEncodingInEmail isSensitive isCustom "
    "isApiCreated"
)
_METADATA = (
    "createdAt dedupeFields description displayName pluralName idField apiName relationships "
    "searchableFields updatedAt status version"
)
ITEMS: Mapping[str, str] = {
    "Activity": "activityDate activityTypeId attributes id leadId",
    "ActivityType": "attributes id name primaryAttribute",
    "Campaign": "createdAt id name type updatedAt",
    "ChangeLeadProgramStatusOutputData": "id status",
    "ChannelResponse": "applicableProgramType createdAt id name updatedAt",
    "BrowseAllPrograms": "channel folder status type",
    "CompanyResponse": "id seq",
    "CustomActivity": (
        "activityDate activityTypeId attributes errors id leadId primaryAttributeValue"
    ),
    "CustomActivityType": "",
    "CustomObject": "marketoGUID seq",
    "ErrorsData": "date",
    "ExportResponse": "exportId status",
    "FormResponse": "id status",
    "IdResponse": "id",
    "ImportCustomObjectResponse": "batchId objectApiName operation status",
    "ImportLeadResponse": "batchId numOfLeadsProcessed status",
    "ImportProgramMemberResponse": "batchId importId status",
    "Lead": "",
    "LeadAttribute": "dataType displayName id",
    "LeadAttribute2": "name searchableFields fields",
    "LeadChange": "activityDate activityTypeId attributes id leadId",
    "LeadField": _FIELD,
    "LeadFieldStatus": "name status",
    "LeadPartition": "id name",
    "List": "createdAt listId updatedAt",
    "ListOperationOutputData": "id",
    "NamedAccount": "marketoGUID seq",
    "NamedAccountList": "marketoGUID seq",
    "ObjectMetaData": f"{_METADATA} fields",
    "Program": (
        "id progressionStatus isExhausted acquiredBy reachedSuccess membershipDate updatedAt"
    ),
    "ProgramMember": "seq leadId reachedSuccess programId acquiredBy membershipDate",
    "ProgramMemberAttribute": "fields",
    "ProgramMemberAttribute2": (
        "name description createdAt updatedAt dedupeFields searchableFields fields"
    ),
    "ProgramMemberDeleteResponse": "status leadId seq",
    "ProgramMemberStatusResponse": "status leadId seq",
    "ProgramResponse": "channel costs folder status tags type",
    "SalesPerson": "",
    "SmartCampaign": "createdAt smartCampaignId updatedAt",
    "SmartCampaignResponse": (
        "id name description type isSystem isActive isRequestable recurrence qualificationRuleType "
        "qualificationRuleInterval qualificationRuleUnit maxMembers isCommunicationLimitEnabled "
        "smartListId flowId folder createdAt updatedAt workspace status"
    ),
    "SmartListResponse": "id name description createdAt updatedAt url folder workspace",
    "StaticList": "createdAt id name updatedAt",
    "StaticListResponse": "id name description createdAt updatedAt url folder workspace",
    "TagResponse": "applicableProgramTypes required tagType",
    "UsageData": "date",
}

DOCUMENTED: Mapping[str, str] = {
    "GET activities/types": "attributes id name",  # clients expect types without a primary one
    "POST activities/external": "id marketoGUID status",  # activities.md, Add Custom Activities
    "POST campaigns/{id}/schedule": "id",  # smart-campaigns.md, Schedule
    "POST campaigns/{id}/trigger": "id",  # smart-campaigns.md, Trigger
    "GET customobjects": _METADATA,  # custom-objects.md, List: without the fields
    "POST /bulk/v1/leads": "batchId importId status",  # bulk-import.md, Creating a Job
}

NOTHING = "nothing"
"""A reply without `result` (`ResponseOfVoid`, `ResponseWithoutResult`)."""
FILE = "a file"
"""Not JSON (`ObservableOfInputStreamContent`)."""

REPLIES: Mapping[str, str] = {
    "GET lead/{id}": "Lead",
    "GET leads": "Lead",
    "POST leads": "Lead",
    "DELETE leads": "Lead",
    "POST leads/delete": "Lead",
    "POST leads/push": "Lead",
    "POST leads/submitForm": "FormResponse",
    "POST leads/{id}/associate": NOTHING,
    "POST leads/{id}/merge": NOTHING,
    "GET leads/describe": "LeadAttribute",
    "GET leads/describe2": "LeadAttribute2",
    "GET leads/schema/fields": "LeadField",
    "POST leads/schema/fields": "LeadFieldStatus",
    "GET leads/schema/fields/{name}": "LeadField",
    "POST leads/schema/fields/{name}": "LeadFieldStatus",
    "GET leads/partitions": "LeadPartition",
    "POST leads/partitions": "Lead",
    "GET leads/{id}/listMembership": "List",
    "GET leads/{id}/programMembership": "Program",
    "GET leads/{id}/smartCampaignMembership": "SmartCampaign",
    "GET leads/programs/{id}": "Lead",
    "POST leads/programs/{id}/status": "ChangeLeadProgramStatusOutputData",
    "GET programs/{id}/members": "ProgramMember",
    "POST programs/{id}/members": "ProgramMemberStatusResponse",
    "POST programs/{id}/members/status": "ProgramMemberStatusResponse",
    "POST programs/{id}/members/delete": "ProgramMemberDeleteResponse",
    "GET programs/members/describe": "ProgramMemberAttribute2",
    "GET program/members/describe": "ProgramMemberAttribute",
    "GET programs/members/schema/fields": "LeadField",
    "POST programs/members/schema/fields": "LeadFieldStatus",
    "GET programs/members/schema/fields/{name}": "LeadField",
    "POST programs/members/schema/fields/{name}": "LeadFieldStatus",
    "GET lists": "StaticList",
    "GET lists/{id}": "StaticList",
    "GET list/{id}/leads": "Lead",
    "GET lists/{id}/leads": "Lead",
    "POST lists/{id}/leads": "ListOperationOutputData",
    "DELETE lists/{id}/leads": "ListOperationOutputData",
    "GET lists/{id}/leads/ismember": "ListOperationOutputData",
    "GET activities": "Activity",
    "GET activities/pagingtoken": NOTHING,
    "GET activities/leadchanges": "LeadChange",
    "GET activities/deletedleads": "Activity",
    "GET activities/types": "ActivityType",
    "POST activities/external": "CustomActivity",
    "GET activities/external/types": "CustomActivityType",
    "POST activities/external/type": "CustomActivityType",
    "POST activities/external/type/{name}": "CustomActivityType",
    "GET activities/external/type/{name}/describe": "CustomActivityType",
    "POST activities/external/type/{name}/approve": "CustomActivityType",
    "POST activities/external/type/{name}/discardDraft": "CustomActivityType",
    "POST activities/external/type/{name}/delete": "CustomActivityType",
    "POST activities/external/type/{name}/attributes/create": "CustomActivityType",
    "POST activities/external/type/{name}/attributes/update": "CustomActivityType",
    "POST activities/external/type/{name}/attributes/delete": "CustomActivityType",
    "GET campaigns": "Campaign",
    "GET campaigns/{id}": "Campaign",
    "POST campaigns/{id}/schedule": "Campaign",
    "POST campaigns/{id}/trigger": "Campaign",
    "GET stats/usage": "UsageData",
    "GET stats/usage/last7days": "UsageData",
    "GET stats/errors": "ErrorsData",
    "GET stats/errors/last7days": "ErrorsData",
    "GET companies": "CompanyResponse",
    "POST companies": "CompanyResponse",
    "POST companies/delete": "CompanyResponse",
    "GET companies/describe": "ObjectMetaData",
    "GET companies/schema/fields": "LeadField",
    "GET companies/schema/fields/{name}": "LeadField",
    "GET opportunities": "CustomObject",
    "POST opportunities": "CustomObject",
    "POST opportunities/delete": "CustomObject",
    "GET opportunities/describe": "ObjectMetaData",
    "GET opportunities/schema/fields": "LeadField",
    "GET opportunities/schema/fields/{name}": "LeadField",
    "GET opportunities/roles": "CustomObject",
    "POST opportunities/roles": "CustomObject",
    "POST opportunities/roles/delete": "CustomObject",
    "GET opportunities/roles/describe": "ObjectMetaData",
    "GET salespersons": "SalesPerson",
    "POST salespersons": "SalesPerson",
    "POST salespersons/delete": "SalesPerson",
    "GET salespersons/describe": "ObjectMetaData",
    "GET namedaccounts": "NamedAccount",
    "POST namedaccounts": "NamedAccount",
    "POST namedaccounts/delete": "NamedAccount",
    "GET namedaccounts/describe": "ObjectMetaData",
    "GET namedaccounts/schema/fields": "LeadField",
    "GET namedaccounts/schema/fields/{name}": "LeadField",
    "GET namedAccountLists": "NamedAccountList",
    "POST namedAccountLists": "NamedAccountList",
    "POST namedAccountLists/delete": "NamedAccountList",
    "GET namedAccountList/{name}/namedAccounts": "NamedAccount",
    "POST namedAccountList/{name}/namedAccounts": "NamedAccount",
    "POST namedAccountList/{name}/namedAccounts/remove": "NamedAccount",
    "GET customobjects": "ObjectMetaData",
    "GET customobjects/{name}": "CustomObject",
    "POST customobjects/{name}": "CustomObject",
    "POST customobjects/{name}/delete": "CustomObject",
    "GET customobjects/{name}/describe": "ObjectMetaData",
    "GET /rest/asset/v1/staticLists": "StaticListResponse",
    "POST /rest/asset/v1/staticLists": "StaticListResponse",
    "GET /rest/asset/v1/staticList/byName": "StaticListResponse",
    "GET /rest/asset/v1/staticList/{id}": "StaticListResponse",
    "POST /rest/asset/v1/staticList/{id}": "StaticListResponse",
    "POST /rest/asset/v1/staticList/{id}/delete": "IdResponse",
    "GET /rest/asset/v1/smartLists": "SmartListResponse",
    "GET /rest/asset/v1/smartList/byName": "SmartListResponse",
    "GET /rest/asset/v1/smartList/{id}": "SmartListResponse",
    "GET /rest/asset/v1/smartCampaigns": "SmartCampaignResponse",
    "GET /rest/asset/v1/smartCampaign/byName": "SmartCampaignResponse",
    "GET /rest/asset/v1/smartCampaign/{id}": "SmartCampaignResponse",
    "POST /rest/asset/v1/smartCampaign/{id}/activate": "IdResponse",
    "POST /rest/asset/v1/smartCampaign/{id}/deactivate": "IdResponse",
    "GET /rest/asset/v1/programs": "BrowseAllPrograms",
    "GET /rest/asset/v1/program/byName": "ProgramResponse",
    "GET /rest/asset/v1/program/byTag": "ProgramResponse",
    "GET /rest/asset/v1/program/{id}": "ProgramResponse",
    "GET /rest/asset/v1/channels": "ChannelResponse",
    "GET /rest/asset/v1/channel/byName": "ChannelResponse",
    "GET /rest/asset/v1/tagTypes": "TagResponse",
    "GET /rest/asset/v1/tagType/byName": "TagResponse",
    "GET /rest/asset/v1/segmentation": NOTHING,
    "GET /rest/asset/v1/emails": NOTHING,
    "GET /rest/asset/v1/folder/{id}/tokens": NOTHING,
    "POST /bulk/v1/leads": "ImportLeadResponse",
    "GET /bulk/v1/leads/batch/{id}": "ImportLeadResponse",
    "GET /bulk/v1/leads/batch/{id}/failures": FILE,
    "GET /bulk/v1/leads/batch/{id}/warnings": FILE,
    "POST /bulk/v1/program/{id}/members/import": "ImportProgramMemberResponse",
    "GET /bulk/v1/program/members/import/{id}/status": "ImportProgramMemberResponse",
    "GET /bulk/v1/program/members/import/{id}/failures": FILE,
    "GET /bulk/v1/program/members/import/{id}/warnings": FILE,
    "POST /bulk/v1/customobjects/{name}/import": "ImportCustomObjectResponse",
    "GET /bulk/v1/customobjects/{name}/import/{id}/status": "ImportCustomObjectResponse",
    "GET /bulk/v1/customobjects/{name}/import/{id}/failures": FILE,
    "GET /bulk/v1/customobjects/{name}/import/{id}/warnings": FILE,
    "GET /bulk/v1/{bulk}/export": "ExportResponse",
    "POST /bulk/v1/{bulk}/export/create": "ExportResponse",
    "POST /bulk/v1/{bulk}/export/{export}/enqueue": "ExportResponse",
    "POST /bulk/v1/{bulk}/export/{export}/cancel": "ExportResponse",
    "GET /bulk/v1/{bulk}/export/{export}/status": "ExportResponse",
    "GET /bulk/v1/{bulk}/export/{export}/file": FILE,
}
"""By method and path below `/rest/v1/`, or the whole path, without `.json`."""


def required(endpoint: str) -> frozenset[str]:
    """The keys that each item of an endpoint's `result` must have."""
    names = DOCUMENTED.get(endpoint, ITEMS.get(REPLIES[endpoint], ""))
    return frozenset(names.split())
