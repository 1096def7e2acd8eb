"""The paid providers of company and contact data: the port `domain.ports.Enrichment`.

Which lead is worth a credit is the policy's, and is not decided here.
"""

from tools.enrichment.apollo import Apollo
from tools.enrichment.cache import EnrichmentCache, MemoryCache
from tools.enrichment.gateway import EnrichmentGateway
from tools.enrichment.hunter import Hunter
from tools.enrichment.pdl import Pdl
from tools.enrichment.provider import HTTP, Provider, ProviderAccess

__all__ = [
    "HTTP",
    "Apollo",
    "EnrichmentCache",
    "EnrichmentGateway",
    "Hunter",
    "MemoryCache",
    "Pdl",
    "Provider",
    "ProviderAccess",
]
