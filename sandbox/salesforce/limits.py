"""The resource `limits`: what the org may use in a day, and what is left of it."""

from sandbox.salesforce.bulk import jobs
from sandbox.salesforce.rest import api_usage
from sandbox.salesforce.rest.call import Answer, Call
from sandbox.state.world import Row

_UNUSED = {
    "ConcurrentAsyncGetReportInstances": 200,
    "ConcurrentSyncReportRuns": 20,
    "DailyAsyncApexExecutions": 250_000,
    "DailyBulkApiBatches": 15_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DailyDurableStreamingApiEvents": 200_000,
    "DailyGenericStreamingApiEvents": 10_000,
    "DailyStandardVolumePlatformEvents": 25_000,
    "DailyStreamingApiEvents": 200_000,
    "DailyWorkflowEmails": 390_000,
    "DataStorageMB": 1_024,
    "DurableStreamingApiConcurrentClients": 1_000,
    "FileStorageMB": 1_024,
    "HourlyAsyncReportRuns": 1_200,
    "HourlyODataCallout": 20_000,
    "HourlyPublishedPlatformEvents": 50_000,
    "HourlySyncReportRuns": 500,
    "HourlyTimeBasedWorkflow": 1_000,
    "MassEmail": 5_000,
    "PermissionSets": 1_500,
    "SingleEmail": 5_000,
    "StreamingApiConcurrentClients": 1_000,
}
"""Limits of an Enterprise org that this one never uses."""


def limits(call: Call) -> Answer:
    """GET limits."""
    most = api_usage.limit(call.world)
    queries = jobs.jobs_of_today(call.world, "query")
    told: Row = {name: {"Max": most, "Remaining": most} for name, most in _UNUSED.items()}
    told["DailyApiRequests"] = {"Max": most, "Remaining": max(0, most - api_usage.used(call.world))}
    told["DailyBulkV2QueryJobs"] = {
        "Max": jobs.MOST_QUERIES,
        "Remaining": max(0, jobs.MOST_QUERIES - queries),
    }
    return Answer(body=dict(sorted(told.items())))
