"""SQLAlchemy: what its unit of work does with a diverted alert, and what to write.

Connects as libpq does (PGHOST and the like), as a role that may only write.
"""
from sqlalchemy import BigInteger, Column, DateTime, FetchedValue, Identity, Text, create_engine, insert
from sqlalchemy.orm import Session, declarative_base
from sqlalchemy.orm.exc import FlushError
from sqlalchemy.types import UserDefinedType

HUB = "88-73-84-90-6A-10-02-DB"
INSIDE = "2026-03-02 09:16:00+00"    # in the hub's window: diverted
AFTER = "2026-03-02 10:16:00+00"     # stored

Base = declarative_base()


class Guid(UserDefinedType):
    cache_ok = True

    def get_col_spec(self, **_):
        return "guid"


class Columns:
    alert_id = Column(BigInteger, Identity(always=True), primary_key=True)
    alert_code = Column(Text, nullable=False)
    chf = Column(Guid)
    mpxn = Column(Text)
    received_at = Column(DateTime(timezone=True), server_default=FetchedValue())


class Alert(Columns, Base):
    __tablename__ = "alerts"


class OneRow(Columns, Base):
    """The same alerts, through the view."""
    __tablename__ = "alerts_one_row"


def alert(mpxn, at):
    return {"alert_code": "AD1", "chf": HUB, "mpxn": str(mpxn), "received_at": at}


engine = create_engine("postgresql+psycopg2://")

# The unit of work needs the key of each row.  One diverted alert fails the whole
# flush, and the genuine one in it is rolled back.
with Session(engine) as session:
    session.add_all([Alert(**alert(1, AFTER)), Alert(**alert(2, INSIDE))])
    try:
        session.commit()
    except FlushError as error:
        print(error)
        session.rollback()
    else:
        raise AssertionError("a flush with a diverted alert went through")
    assert session.query(Alert).count() == 0

# Core: the statement is told to return nothing, and the count says what was stored.
table = Alert.__table__
with engine.begin() as connection:
    assert connection.execute(insert(table).inline().values(alert(3, INSIDE))).rowcount == 0
    assert connection.execute(insert(table).inline().values(alert(4, AFTER))).rowcount == 1
    stored = connection.execute(
        insert(table).values([alert(5, INSIDE), alert(6, AFTER)]).returning(table.c.mpxn, table.c.alert_id))
    assert [row.mpxn for row in stored] == ["6"]

# The unit of work through the view: each object has its key.
with Session(engine) as session:
    objects = [OneRow(**alert(7, AFTER)), OneRow(**alert(8, INSIDE)), OneRow(**alert(9, AFTER))]
    session.add_all(objects)
    session.flush()
    assert len({object.alert_id for object in objects}) == 3
    session.commit()
    assert [object.mpxn for object in session.query(Alert).order_by(Alert.alert_id)] == ["4", "6", "7", "9"]
