# SPDX-License-Identifier: Apache-2.0
"""Requests that a table suffices for. A generator is a function (schema, options) that yields corpus.Sequence objects."""
import access
import definitions
import kinds
import mutations

GENERATORS = [access.sequences, kinds.sequences, definitions.sequences, mutations.sequences]


def sequences(schema, options):
    for generator in GENERATORS:
        yield from generator(schema, options)
