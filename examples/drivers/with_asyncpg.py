"""asyncpg: what a diverted alert looks like, and what to write.

Connects as libpq does (PGHOST and the like), as a role that may only write.
"""
import asyncio
import datetime

import asyncpg

HUB = "88-73-84-90-6A-10-02-DB"
INSIDE = datetime.datetime.fromisoformat("2026-03-02 09:16:00+00:00")    # in the hub's window: diverted
AFTER = datetime.datetime.fromisoformat("2026-03-02 10:16:00+00:00")     # stored

INSERT = "INSERT INTO alerts (alert_code, chf, mpxn, received_at) VALUES ($1, $2, $3, $4)"
COLUMNS = ["alert_code", "chf", "mpxn", "received_at"]


def alert(mpxn, at):
    return ("AD1", HUB, str(mpxn), at)


async def main():
    connection = await asyncpg.connect()

    # A diverted row has the status INSERT 0 0 and returns nothing.
    assert await connection.execute(INSERT, *alert(1, INSIDE)) == "INSERT 0 0"
    assert await connection.execute(INSERT, *alert(2, AFTER)) == "INSERT 0 1"
    assert await connection.fetchval(INSERT + " RETURNING alert_id", *alert(3, INSIDE)) is None
    assert await connection.fetchval(INSERT + " RETURNING alert_id", *alert(4, AFTER)) is not None

    # executemany returns nothing, whatever happened to the rows.
    await connection.executemany(INSERT, [alert(5, INSIDE), alert(6, AFTER)])

    # COPY is binary here, and the binary form of a guid is its eight octets.
    await connection.set_type_codec(
        "guid", encoder=lambda text: bytes.fromhex(text.replace("-", "")),
        decoder=lambda octets: octets.hex("-").upper(), format="binary")
    assert await connection.copy_records_to_table(
        "alerts", records=[alert(7, INSIDE), alert(8, AFTER)], columns=COLUMNS) == "COPY 1"
    assert await connection.fetchval(INSERT + " RETURNING chf", *alert(9, AFTER)) == HUB

    # Through the view each row counts and has its key.
    view = INSERT.replace("INTO alerts", "INTO alerts_one_row")
    assert await connection.fetchval(view + " RETURNING alert_id", *alert(10, INSIDE)) is not None
    assert await connection.execute(view, *alert(11, INSIDE)) == "INSERT 0 1"
    assert await connection.copy_records_to_table(
        "alerts_one_row", records=[alert(12, INSIDE), alert(13, AFTER)], columns=COLUMNS) == "COPY 2"
    await connection.close()

asyncio.run(main())
