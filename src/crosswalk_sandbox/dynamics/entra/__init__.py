"""Entra ID: OpenID discovery, tokens for applications, and the proof of tokens.

Source: Microsoft identity platform, OAuth 2.0 client credentials flow and OpenID Connect.
"""

from __future__ import annotations

from crosswalk_sandbox.dynamics.entra.service import Entra

__all__ = ["Entra"]
