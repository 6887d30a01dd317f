"""What every process of ours would begin with, done once; `forked` copies its processes from one that has done this.

Only what asks for no settings, no environment and no database, so that each of them still begins on its own.
"""
# ruff: noqa: F401

from __future__ import annotations

import encodings.idna
from importlib import import_module
from pkgutil import iter_modules

import cryptography.hazmat.primitives.ciphers.aead
import cryptography.hazmat.primitives.kdf.hkdf
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.management.commands.migrate
import django.db.backends.postgresql.base
import django.db.migrations.executor
import django.db.models
import django.template.backends.django
import django.template.defaulttags
import django.template.loader_tags
import django.urls
import django.utils.log
import django.views.debug
import django.views.generic
import gunicorn.arbiter
import gunicorn.workers.gthread
import httpcore2
import httpx2
import markdown_it
import procrastinate
import prometheus_client
import structlog
import truststore
import typer._adapters
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from tests.helpers import command_line

import crosswalk.cli.app
import crosswalk.merge
import crosswalk.store.embedded
import crosswalk.systems.activecampaign
import crosswalk.systems.dynamics
import crosswalk.systems.salesforce
import crosswalk_sandbox.activecampaign
import crosswalk_sandbox.cli
import crosswalk_sandbox.dynamics
import crosswalk_sandbox.salesforce
from crosswalk.store import migrations
from crosswalk_sandbox.salesforce.soql.parser import parse

PBKDF2PasswordHasher.iterations = 1000  # a thousandth: half a second of each sign-in and each password

for each in iter_modules(migrations.__path__):
    import_module(f"{migrations.__name__}.{each.name}")
parse("SELECT Id FROM Lead")  # makes the parser
