"""Signing in to the org: apps, tokens, the page of consent, and who a token belongs to.

Source: Salesforce, OAuth 2.0 and OpenID Connect. Tokens, keys and secrets are fixed for a seed.
"""

from __future__ import annotations

from crosswalk_sandbox.salesforce.sign_in.doors import OAuth, SavedSignIn, serves, template

__all__ = ["OAuth", "SavedSignIn", "serves", "template"]
