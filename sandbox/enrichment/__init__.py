"""Three enrichment providers over one book of facts, each with its own words and its own gaps.

Which companies and people there are is made up in `worlds`.
"""

from sandbox.enrichment.apollo import apollo
from sandbox.enrichment.directory import add_account, add_company, add_person
from sandbox.enrichment.hunter import hunter
from sandbox.enrichment.pdl import pdl

__all__ = ["add_account", "add_company", "add_person", "apollo", "hunter", "pdl"]
