"""The account of an instance's own takes the place of the one before."""

from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.instances import is_another_account
from treenail_runtime.auth.records import ConnectionConfig, InstanceSettings
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.sealing import Sealer

from .connections import own_config, put_own_connection
from .owing import owe_rows
from .tables import credentials
from .token_rows import take_tokens


async def put_own_account(
    connection: AsyncConnection,
    sealer: Sealer,
    macs: Macs,
    instance_id: str,
    config: ConnectionConfig,
    *,
    service: str,
    before: InstanceSettings | None,
) -> None:
    """Keep what an instance itself connects with; tokens of another account are given back.

    Args:
        connection: Of the transaction, which has changed the instance's row.
        sealer: Opens and seals.
        macs: Make the fingerprint.
        instance_id: The instance.
        config: What it connects with from then on.
        service: The connector's name.
        before: The settings under which the tokens were granted that there are.
    """
    held = await own_config(connection, sealer, instance_id)
    known = "" if held is None else held.account
    if not config.account or is_another_account(known, config.account):
        taken = await take_tokens(connection, credentials.c.connection_id == instance_id)
        await owe_rows(connection, sealer, taken, service=service, settings=before)
    await put_own_connection(connection, sealer, macs, instance_id, config)
