"""OpenID Connect discovery. Source: OpenID Connect on the Microsoft identity platform."""

from __future__ import annotations

from typing import Any

CONFIGURATION = ("v2.0", ".well-known", "openid-configuration")
KEYS = ("discovery", "v2.0", "keys")


def issuer(address: str, tenant: str) -> str:
    """Who says so."""
    return f"{address}/{tenant}/v2.0"


def configuration(address: str, asked: str, tenant: str | None) -> dict[str, Any]:
    """The document for the tenant in the path; None is the one for all tenants."""
    base = f"{address}/{asked}"
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": [
            "client_secret_post",
            "private_key_jwt",
            "client_secret_basic",
        ],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer(address, tenant or "{tenantid}"),
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
        "code_challenge_methods_supported": ["plain", "S256"],
        "tenant_region_scope": "EU",
        "claims_supported": [
            "sub",
            "iss",
            "aud",
            "exp",
            "iat",
            "tid",
            "ver",
            "nonce",
            "preferred_username",
            "name",
        ],
    }
