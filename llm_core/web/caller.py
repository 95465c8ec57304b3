"""Which network address a request comes from. What proxies say of it is believed only where settings declare them.

An address stands for whoever shares it, often a whole classroom: limits that go by it are higher than a visitor's.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from gradio.context import LocalContext

from llm_core.settings import Settings

FORWARDED = "x-forwarded-for"
NETWORK_BITS = 64  # of an IPv6 address: who has one has all the others of its network


def address_of(host: str, headers: Mapping[str, str], settings: Settings) -> str:
    """The address, as limits count it; empty where it cannot be told.

    Args:
        host: who is connected to us.
        headers: of the request, names in lower case.
        settings: say how many proxies stand before us. Each adds at the end of the header whom it was asked by, so
            what a visitor wrote into it stands further left and is never looked at.
    """
    if settings.proxies:
        said = [part.strip() for part in headers.get(FORWARDED, "").split(",") if part.strip()]
        host = said[-settings.proxies] if len(said) >= settings.proxies else ""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host
    if settings.space_id and not address.is_global:
        return ""  # a machine of the host's own: everybody would share it
    if address.version == 6 and not address.ipv4_mapped:
        return str(ipaddress.ip_network(f"{address}/{NETWORK_BITS}", strict=False))
    return str(getattr(address, "ipv4_mapped", None) or address)


def current() -> str:
    """The address that the handler which asks is working for, as PageHeaders made it out; empty outside a handler."""
    request = LocalContext.request.get(None)
    return (request.client.host or "") if request is not None and request.client is not None else ""
