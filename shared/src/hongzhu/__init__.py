"""What every hongzhu service and agency plugin is built on.

Plugin authors import from here: `messages`, `programme`, `facts`, `hooks`, `registry_client`.  Core services also use the
rooms that need the ``service`` extra: `database`, `outbox`, `inbox`, `relay`, `service`, `runtime`, `web`.
"""

__version__ = "0.1.0"
