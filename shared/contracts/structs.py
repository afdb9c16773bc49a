"""[pure] Events and their parts as services handle them, by name: frozen msgspec structs.

Each struct is derived (`wire.py`) from the pydantic model of the same name, which describes the contract. Services use
these classes and never the models. `structs.pyi`, which `make schemas` writes, has their fields for the type checker.
"""

from shared.contracts import base, escalation, intake, router, terms, wire

globals().update(
    {
        name: wire.struct(model)
        for module in (base, escalation, intake, router, terms)
        for name, model in vars(module).items()
        if isinstance(model, type) and issubclass(model, base.Part)
    }
)
