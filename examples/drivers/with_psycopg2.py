"""psycopg 2: what a diverted alert looks like, and what to write.

Connects as libpq does (PGHOST and the like), as a role that may only write.
"""
import io

import psycopg2
from psycopg2.extras import execute_batch, execute_values

HUB = "88-73-84-90-6A-10-02-DB"
INSIDE = "2026-03-02 09:16:00+00"    # in the hub's window: diverted
AFTER = "2026-03-02 10:16:00+00"     # stored

INSERT = "INSERT INTO alerts (alert_code, chf, mpxn, received_at) VALUES (%s, %s, %s, %s)"

connection = psycopg2.connect("")
cursor = connection.cursor()


def alert(mpxn, at):
    return ("AD1", HUB, str(mpxn), at)


# A diverted row counts 0 and returns nothing.  A str fits the type guid as it is.
cursor.execute(INSERT + " RETURNING alert_id", alert(1, INSIDE))
assert cursor.rowcount == 0 and cursor.fetchone() is None
cursor.execute(INSERT + " RETURNING alert_id", alert(2, AFTER))
assert cursor.rowcount == 1 and cursor.fetchone() is not None

# executemany counts the rows stored by all its statements, execute_batch those of
# the last one only.
cursor.executemany(INSERT, [alert(3, AFTER), alert(4, INSIDE)])
assert cursor.rowcount == 1
execute_batch(cursor, INSERT, [alert(5, AFTER), alert(6, INSIDE)])
assert cursor.rowcount == 0

# execute_values: fewer rows come back than went in.  A row is known by what it
# holds, never by its position.
rows = [alert(7, INSIDE), alert(8, AFTER), alert(9, INSIDE), alert(10, AFTER)]
stored = execute_values(
    cursor,
    "INSERT INTO alerts (alert_code, chf, mpxn, received_at) VALUES %s RETURNING mpxn, alert_id",
    rows, fetch=True)
assert [mpxn for mpxn, _ in stored] == ["8", "10"]

# COPY, as text: the count is that of the rows stored.
text = "".join("\t".join(row) + "\n" for row in (alert(11, INSIDE), alert(12, AFTER)))
cursor.copy_expert("COPY alerts (alert_code, chf, mpxn, received_at) FROM STDIN", io.StringIO(text))
assert cursor.rowcount == 1

# Through the view each row counts and has its key.
cursor.execute(INSERT.replace("INTO alerts", "INTO alerts_one_row") + " RETURNING alert_id", alert(13, INSIDE))
assert cursor.rowcount == 1
(key,) = cursor.fetchone()

# So has the sequence of the table.  lastval() is about that of the log after an
# alert that was logged: a number that is no key, or an error for want of rights.
cursor.execute("SELECT currval('alerts_alert_id_seq')")
assert cursor.fetchone() == (key,)
connection.commit()
try:
    cursor.execute("SELECT lastval()")
except psycopg2.errors.InsufficientPrivilege as error:
    assert "suppression_log" in str(error)
else:
    raise AssertionError("lastval() went through")
