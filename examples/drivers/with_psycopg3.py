"""psycopg 3: what a diverted alert looks like, and what to write.

Connects as libpq does (PGHOST and the like), as a role that may only write.
"""
import datetime

import psycopg

HUB = "88-73-84-90-6A-10-02-DB"
INSIDE = datetime.datetime.fromisoformat("2026-03-02 09:16:00+00:00")    # in the hub's window: diverted
AFTER = datetime.datetime.fromisoformat("2026-03-02 10:16:00+00:00")     # stored

INSERT = "INSERT INTO alerts (alert_code, chf, mpxn, received_at) VALUES (%s, %s, %s, %s)"

connection = psycopg.connect("")
cursor = connection.cursor()


def alert(mpxn, at):
    return ("AD1", HUB, str(mpxn), at)


# A diverted row counts 0 and returns nothing.  A str fits the type guid as it is.
cursor.execute(INSERT + " RETURNING alert_id", alert(1, INSIDE))
assert cursor.rowcount == 0 and cursor.fetchone() is None
cursor.execute(INSERT + " RETURNING alert_id", alert(2, AFTER))
assert cursor.rowcount == 1 and cursor.fetchone() is not None

# executemany: the count is that of all statements, so it says how many were stored.
cursor.executemany(INSERT, [alert(3, AFTER), alert(4, INSIDE), alert(5, AFTER)])
assert cursor.rowcount == 2

# With returning=True there is one result for each row that went in, and that of a
# diverted one is empty.
rows = [alert(6, INSIDE), alert(7, AFTER)]
cursor.executemany(INSERT + " RETURNING mpxn", rows, returning=True)
results = [cursor.fetchall()]
while cursor.nextset():
    results.append(cursor.fetchall())
assert results == [[], [("7",)]]

# COPY, as text and in binary.  The binary form of a guid is its eight octets,
# which is that of a bytes object, too.
with cursor.copy("COPY alerts (alert_code, chf, mpxn, received_at) FROM STDIN") as copy:
    copy.write_row(alert(8, INSIDE))
    copy.write_row(alert(9, AFTER))
assert cursor.rowcount == 1
with cursor.copy("COPY alerts (alert_code, chf, mpxn, received_at) FROM STDIN (FORMAT binary)") as copy:
    copy.set_types(["text", "bytea", "text", "timestamptz"])
    copy.write_row(("AD1", bytes.fromhex(HUB.replace("-", "")), "10", INSIDE))
    copy.write_row(("AD1", bytes.fromhex(HUB.replace("-", "")), "11", AFTER))
assert cursor.rowcount == 1

# Through the view each row counts and has its key, in a COPY, too.
VIEW = "INSERT INTO alerts_one_row (alert_code, chf, mpxn, received_at) VALUES (%s, %s, %s, %s)"
cursor.execute(VIEW + " RETURNING alert_id", alert(12, INSIDE))
(key,) = cursor.fetchone()
assert cursor.rowcount == 1 and key is not None
with cursor.copy("COPY alerts_one_row (alert_code, chf, mpxn, received_at) FROM STDIN") as copy:
    copy.write_row(alert(13, INSIDE))
    copy.write_row(alert(14, AFTER))
assert cursor.rowcount == 2
connection.commit()
