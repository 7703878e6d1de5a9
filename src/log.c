/*-------------------------------------------------------------------------
 *
 * log.c
 *	  The suppression log: its writer, and what keeps it append-only.
 *
 * The writer puts a row into the log and its indexes directly, the way the
 * logical replication worker stores a row, because a diverted alert should
 * cost little more than a stored one.  Rights are not asked: the writer of
 * alerts has none in the extension's schema.  Everything of the alert is
 * evaluated as that writer; then, for the one insert, the current user is the
 * log's owner, as it would be in a function of his.
 *
 * src/log.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "alert_jsonb.h"
#include "attach.h"
#include "catalog.h"
#include "compat.h"
#include "log.h"
#include "probe.h"
#include "tables.h"

/* The columns of poa.suppression_log, in the order of log.sql */
enum
{
	LOG_ID = 1,
	LOG_LOGGED_AT,
	LOG_DIVERTED,
	LOG_SOURCE_SCHEMA,
	LOG_SOURCE_TABLE,
	LOG_ALERT,
	LOG_ALERT_CODE,
	LOG_CHF,
	LOG_MPXN,
	LOG_DISTRIBUTOR_ID,
	LOG_DECIDED_AT,
	LOG_ACTIVATION_ID,
	LOG_MATCHED,
	LOG_DEVICE,
	LOG_MANUFACTURER,
	LOG_REQUEST_ID,
	LOG_ACTIVATES_AT,
	LOG_OPENS_AT,
	LOG_CLOSES_AT,
	LOG_DELAY,
	LOG_NUM_COLUMNS = LOG_DELAY
};

#define MPAN_LENGTH	13

struct PoaLogWriter
{
	PoaJsonbWriter *jsonb;
	Datum		source_schema;
	Datum		source_table;

	Oid			owner;			/* of the log */
	Oid			log_id_seq;
	EState	   *estate;
	ResultRelInfo *log;
	TupleTableSlot *slot;
	PoaProbe	devices;
};

/* Is purge_log running? */
static bool purging = false;

/*
 * Open a writer for the alerts of one table, in the current memory context.
 */
PoaLogWriter *
poa_log_open(Relation alerts)
{
	PoaLogWriter *writer = palloc0(sizeof(PoaLogWriter));
	Oid			source = poa_attached_root(alerts);
	Relation	log;


	writer->jsonb = poa_alert_jsonb_prepare(alerts, poa_guid_type());
	writer->source_schema = CStringGetTextDatum(get_namespace_name(get_rel_namespace(source)));
	writer->source_table = CStringGetTextDatum(get_rel_name(source));

	log = table_open(poa_relation("suppression_log"), RowExclusiveLock);
	writer->owner = log->rd_rel->relowner;
	writer->log_id_seq = poa_relation("suppression_log_log_id_seq");
	writer->estate = CreateExecutorState();
	writer->log = makeNode(ResultRelInfo);
	InitResultRelInfo(writer->log, log, 0, NULL, 0);
	ExecOpenIndices(writer->log, false);
	writer->slot = table_slot_create(log, NULL);
	poa_probe_open(&writer->devices, "device", AccessShareLock, "device_pkey");
	return writer;
}

/*
 * Release what a writer holds open.  Its memory goes with the context it was
 * opened in, its executor state too, which may be gone already.
 */
void
poa_log_close(PoaLogWriter *writer)
{
	poa_probe_close(&writer->devices);
	ExecDropSingleTupleTableSlot(writer->slot);
	ExecCloseIndices(writer->log);
	table_close(writer->log->ri_RelationDesc, NoLock);
}

/*
 * The distributor of an MPxN: the first two digits of a 13-digit MPAN core.
 * False for anything else, such as a gas MPRN, or none at all.
 */
static bool
distributor_of(Datum mpxn, Datum *distributor_id)
{
	text	   *digits;
	const char *s;

	if (mpxn == (Datum) 0)
		return false;
	digits = DatumGetTextPP(mpxn);
	s = VARDATA_ANY(digits);
	if (VARSIZE_ANY_EXHDR(digits) != MPAN_LENGTH)
		return false;
	for (int i = 0; i < MPAN_LENGTH; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	*distributor_id = Int16GetDatum((s[0] - '0') * 10 + (s[1] - '0'));
	return true;
}

/*
 * Fill in what the inventory knows of the matched meter: its manufacturer and,
 * where the alert's own MPxN does not tell, its distributor.
 */
static void
fill_from_inventory(PoaLogWriter *writer, Datum device, Datum mpxn,
					Datum *values, bool *nulls)
{
	TupleTableSlot *slot = writer->devices.slot;
	bool		found;
	bool		isnull;

	poa_probe_start(&writer->devices, device);
	found = poa_probe_next(&writer->devices);
	if (found)
	{
		Datum		value = slot_getattr(slot, DEVICE_MANUFACTURER, &isnull);

		if (!isnull)
			values[LOG_MANUFACTURER - 1] = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
		nulls[LOG_MANUFACTURER - 1] = isnull;
	}
	if (distributor_of(mpxn, &values[LOG_DISTRIBUTOR_ID - 1]))
		nulls[LOG_DISTRIBUTOR_ID - 1] = false;
	else if (found)
	{
		Datum		value = slot_getattr(slot, DEVICE_MPXN, &isnull);

		nulls[LOG_DISTRIBUTOR_ID - 1] =
			isnull || !distributor_of(value, &values[LOG_DISTRIBUTOR_ID - 1]);
	}
	poa_probe_end(&writer->devices);
}

/*
 * Store the row that stands in the writer's slot, as the owner of the log.  A
 * BEFORE trigger that somebody put on the log could keep it out, and the alert
 * would be nowhere: 09000.
 */
static void
store_row(PoaLogWriter *writer)
{
	Oid			user;
	int			security;

	ResetPerTupleExprContext(writer->estate);
	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(writer->owner, security | SECURITY_LOCAL_USERID_CHANGE);
	ExecSimpleRelationInsert(writer->log, writer->estate, writer->slot);
	SetUserIdAndSecContext(user, security);
	if (!ItemPointerIsValid(&writer->slot->tts_tid))
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
				 errmsg("the suppression log did not take the alert"),
				 errdetail("A trigger on the log kept it out, so it can not be diverted."),
				 errhint("Drop the trigger from \"%s\".",
						 RelationGetRelationName(writer->log->ri_RelationDesc))));
	ExecClearTuple(writer->slot);
}

/*
 * Write an alert to the log with the windows that hold it, of which there is
 * at least one, the deciding one first.  Any error is the caller's: an alert
 * that cannot be logged is not diverted.
 */
void
poa_log_write(PoaLogWriter *writer, const PoaAlert *alert,
			  const PoaMatch *matches, int nmatches, bool diverted)
{
	Datum		values[LOG_NUM_COLUMNS] = {0};
	bool		nulls[LOG_NUM_COLUMNS] = {0};
	Datum	   *matched = palloc(nmatches * sizeof(Datum));

	for (int i = 0; i < nmatches; i++)
		matched[i] = Int64GetDatum(matches[i].activation_id);

	values[LOG_LOGGED_AT - 1] = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	values[LOG_DIVERTED - 1] = BoolGetDatum(diverted);
	values[LOG_SOURCE_SCHEMA - 1] = writer->source_schema;
	values[LOG_SOURCE_TABLE - 1] = writer->source_table;
	values[LOG_ALERT - 1] = poa_alert_jsonb(writer->jsonb, alert->row);
	values[LOG_ALERT_CODE - 1] = alert->code;
	values[LOG_CHF - 1] = alert->chf;
	values[LOG_MPXN - 1] = alert->mpxn;
	nulls[LOG_MPXN - 1] = alert->mpxn == (Datum) 0;
	nulls[LOG_DISTRIBUTOR_ID - 1] = true;
	values[LOG_DECIDED_AT - 1] = TimestampTzGetDatum(alert->at);
	values[LOG_ACTIVATION_ID - 1] = matched[0];
	values[LOG_MATCHED - 1] =
		PointerGetDatum(construct_array(matched, nmatches, INT8OID,
										sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	values[LOG_DEVICE - 1] = matches[0].device;
	nulls[LOG_MANUFACTURER - 1] = true;
	values[LOG_REQUEST_ID - 1] = matches[0].request_id;
	nulls[LOG_REQUEST_ID - 1] = matches[0].request_id == (Datum) 0;
	values[LOG_ACTIVATES_AT - 1] = TimestampTzGetDatum(matches[0].activates_at);
	values[LOG_OPENS_AT - 1] = TimestampTzGetDatum(matches[0].opens_at);
	values[LOG_CLOSES_AT - 1] = TimestampTzGetDatum(matches[0].closes_at);
	values[LOG_DELAY - 1] = DirectFunctionCall2(timestamp_mi, values[LOG_DECIDED_AT - 1],
												values[LOG_ACTIVATES_AT - 1]);
	fill_from_inventory(writer, matches[0].device, alert->mpxn, values, nulls);
	values[LOG_ID - 1] = Int64GetDatum(nextval_internal(writer->log_id_seq, false));

	/* columns that a later version or somebody else has added stay NULL */
	ExecStoreAllNullTuple(writer->slot);
	memcpy(writer->slot->tts_values, values, sizeof(values));
	memcpy(writer->slot->tts_isnull, nulls, sizeof(nulls));
	store_row(writer);
}

/*
 * refuse_change(): the statement trigger that keeps the log append-only, for
 * everybody; only purge_log may delete.
 */
PG_FUNCTION_INFO_V1(poa_refuse_change);
Datum
poa_refuse_change(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger function \"%s\" must be called by the trigger manager",
						"poa_internal.refuse_change")));

	if (!(purging && TRIGGER_FIRED_BY_DELETE(trigdata->tg_event)))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" is append-only",
						RelationGetRelationName(trigdata->tg_relation)),
				 errdetail("What was suppressed stays on record; UPDATE, DELETE and TRUNCATE are refused to everybody."),
				 errhint("Remove what is old with poa.purge_log()."),
				 errtable(trigdata->tg_relation)));
	return PointerGetDatum(NULL);
}

/*
 * utc_month(at): first day of the month of an instant in UTC, an infinite date
 * for an infinite instant.  No error, so that it can be leakproof: an instant
 * outside of the calendar cannot be stored.
 */
PG_FUNCTION_INFO_V1(poa_utc_month);
Datum
poa_utc_month(PG_FUNCTION_ARGS)
{
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(0);
	int			days;
	int			year;
	int			month;
	int			day;

	if (TIMESTAMP_IS_NOBEGIN(at))
		PG_RETURN_DATEADT(DATEVAL_NOBEGIN);
	if (TIMESTAMP_IS_NOEND(at))
		PG_RETURN_DATEADT(DATEVAL_NOEND);

	days = (int) (at / USECS_PER_DAY) - (at % USECS_PER_DAY < 0);
	j2date(days + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	PG_RETURN_DATEADT(days - (day - 1));
}

/*
 * purge_log(before): delete what was logged before an instant, then the
 * releases whose log row is gone, and record it.  A release that was being
 * recorded meanwhile holds its log row, which was waited for.  Returns the
 * number of log rows.
 */
PG_FUNCTION_INFO_V1(poa_purge_log);
Datum
poa_purge_log(PG_FUNCTION_ARGS)
{
	Oid			params[] = {TIMESTAMPTZOID, INT8OID};
	Datum		values[] = {PG_GETARG_DATUM(0), (Datum) 0};
	volatile uint64 purged = 0;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the instant to purge before must not be NULL")));

	SPI_connect();
	purging = true;
	PG_TRY();
	{
		purged = poa_execute("DELETE FROM poa.suppression_log "
							 "WHERE logged_at OPERATOR(pg_catalog.<) $1",
							 1, params, values);
		(void) poa_execute("DELETE FROM poa.release_log AS r WHERE NOT EXISTS "
						   "(SELECT FROM poa.suppression_log AS l "
						   "WHERE l.log_id OPERATOR(pg_catalog.=) r.log_id)",
						   0, NULL, NULL);
		values[1] = Int64GetDatum((int64) purged);
		if (purged > 0)
			(void) poa_execute("INSERT INTO poa.log_purge (before, log_rows) VALUES ($1, $2)",
							   2, params, values);
	}
	PG_FINALLY();
	{
		purging = false;
	}
	PG_END_TRY();
	SPI_finish();
	PG_RETURN_INT64((int64) purged);
}
