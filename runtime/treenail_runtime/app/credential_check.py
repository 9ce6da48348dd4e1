"""Tell the operator at the start whether the upstream accepts the connection."""

import structlog

from treenail_runtime.contract import Connector, ToolContext, ToolError, UpstreamRefused

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


async def check_credentials(connector: Connector, context: ToolContext) -> None:
    """Make the connector's harmless call and log what came of it. Never fails."""
    if connector.check is None:
        return
    facts = {"connector": connector.name}
    try:
        await connector.check.run(context)
    except UpstreamRefused as error:
        denied = error.status in connector.check.denied
        log.warning(
            "connection.denied" if denied else "connection.unclear", status=error.status, **facts
        )
    except ToolError as error:
        log.warning("connection.unreachable", kind=error.kind, reason=error.message, **facts)
    except Exception:
        # A fault in the check itself must not keep the tools from being served.
        log.exception("connection.check_crashed", **facts)
    else:
        log.info("connection.accepted", **facts)
