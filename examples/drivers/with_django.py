"""Django: what create and bulk_create do with a diverted alert, and what to write.

Connects as libpq does (PGHOST and the like), as a role that may only write.
"""
import os

import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {
        "ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"], "USER": os.environ["PGUSER"],
        "HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"]}},
    USE_TZ=True)
django.setup()

from django.db import connection, models, transaction    # noqa: E402

HUB = "88-73-84-90-6A-10-02-DB"
INSIDE = "2026-03-02 09:16:00+00:00"    # in the hub's window: diverted
AFTER = "2026-03-02 10:16:00+00:00"     # stored


class Guid(models.Field):
    def db_type(self, connection):
        return "guid"


class Columns(models.Model):
    alert_id = models.BigAutoField(primary_key=True)
    alert_code = models.TextField()
    chf = Guid(null=True)
    mpxn = models.TextField(null=True)
    received_at = models.DateTimeField()

    class Meta:
        abstract = True


class Alert(Columns):
    class Meta:
        app_label = "drivers"
        managed = False
        db_table = "alerts"


class OneRow(Columns):
    """The same alerts, through the view."""
    class Meta:
        app_label = "drivers"
        managed = False
        db_table = "alerts_one_row"


def alert(mpxn, at):
    return {"alert_code": "AD1", "chf": HUB, "mpxn": str(mpxn), "received_at": at}


def raises(error, action):
    try:
        action()
    except error:
        return True
    return False


# create raises after the statement has been committed: the alert is in the log.
assert raises(TypeError, lambda: Alert.objects.create(**alert(1, INSIDE)))

# bulk_create rolls back the genuine alert with the diverted one.
assert raises(
    AssertionError,
    lambda: Alert.objects.bulk_create([Alert(**alert(2, INSIDE)), Alert(**alert(3, AFTER))]))
assert Alert.objects.count() == 0

# SQL of one's own: the count says what was stored.
with transaction.atomic(), connection.cursor() as cursor:
    for mpxn, at, count in ((4, INSIDE, 0), (5, AFTER, 1)):
        cursor.execute(
            "INSERT INTO alerts (alert_code, chf, mpxn, received_at) VALUES (%s, %s, %s, %s)",
            list(alert(mpxn, at).values()))
        assert cursor.rowcount == count

# Through the view each object has its key.
assert OneRow.objects.create(**alert(6, INSIDE)).alert_id is not None
objects = OneRow.objects.bulk_create([OneRow(**alert(7, INSIDE)), OneRow(**alert(8, AFTER))])
assert len({object.alert_id for object in objects} - {None}) == 2
assert [object.mpxn for object in Alert.objects.order_by("alert_id")] == ["5", "8"]
