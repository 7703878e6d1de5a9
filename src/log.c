/*-------------------------------------------------------------------------
 *
 * log.c
 *	  The suppression log: its writer, and what keeps it append-only.
 *
 * The writer puts a row into the log and its indexes directly, the way the
 * logical replication worker stores a row, because a diverted alert should
 * cost little more than a stored one.  Rights are not checked: the writer of
 * alerts has none in the extension's schema.  Everything of the alert is
 * evaluated as that writer; then, for the one insert, the current user is the
 * log's owner, as in a SECURITY DEFINER function of that owner.
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
#include "distributor.h"
#include "log.h"
#include "node.h"
#include "suppression_log.h"

struct PoaLogWriter
{
	PoaJsonbWriter *jsonb;
	Datum		source_schema;
	Datum		source_table;

	Datum		alert_code;

	Oid			owner;			/* of the log */
	Oid			log_id_seq;
	EState	   *estate;
	ResultRelInfo *log;
	TupleTableSlot *slot;
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
	writer->alert_code = CStringGetTextDatum(POWER_OUTAGE_ALERT);

	log = table_open(poa_relation("suppression_log"), RowExclusiveLock);
	writer->owner = log->rd_rel->relowner;
	writer->log_id_seq = poa_relation("suppression_log_log_id_seq");
	writer->estate = CreateExecutorState();
	writer->log = makeNode(ResultRelInfo);
	InitResultRelInfo(writer->log, log, 0, NULL, 0);
	ExecOpenIndices(writer->log, false);
	writer->slot = table_slot_create(log, NULL);
	return writer;
}

/*
 * Release what a writer holds open.  Its memory goes with the context it was
 * opened in, its executor state too, which may be gone already.
 */
void
poa_log_close(PoaLogWriter *writer)
{
	ExecDropSingleTupleTableSlot(writer->slot);
	ExecCloseIndices(writer->log);
	table_close(writer->log->ri_RelationDesc, NoLock);
}

/*
 * Store the row that stands in the writer's slot, as the owner of the log.  A
 * BEFORE trigger that was put on the log could keep it out, and the alert
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
				 errdetail("A trigger on the log kept it out, so it cannot be diverted."),
				 errhint("Drop the trigger from \"%s\".",
						 RelationGetRelationName(writer->log->ri_RelationDesc))));
	ExecClearTuple(writer->slot);
}

/*
 * Put a value that may be NULL into its column.
 */
static inline void
set_nullable(Datum *values, bool *nulls, int attno, const NullableDatum *from)
{
	values[attno - 1] = from->value;
	nulls[attno - 1] = from->isnull;
}

/*
 * The distributor of an alert: that of its MPxN, else that of the meter of the
 * window.  False where neither has one.
 */
bool
poa_alert_distributor(const PoaAlert *alert, const PoaMatch *deciding, int16 *distributor_id)
{
	return poa_distributor_of(&alert->mpxn, distributor_id) ||
		poa_distributor_of(&deciding->mpxn, distributor_id);
}

/*
 * Write an alert to the log with the windows that hold it, of which there is
 * at least one, the deciding one first, and the hold, if any (not 0), that keeps
 * them from suppressing it.  Any error is the caller's: an alert that cannot be
 * logged is not diverted.
 */
void
poa_log_write(PoaLogWriter *writer, const PoaAlert *alert, const PoaMatch *matches,
			  int nmatches, int64 hold_id, bool diverted)
{
	Datum		values[Natts_suppression_log] = {0};
	bool		nulls[Natts_suppression_log] = {0};
	Datum	   *matched = palloc(nmatches * sizeof(Datum));
	const PoaMatch *deciding = &matches[0];
	int16		distributor_id = 0;

	for (int i = 0; i < nmatches; i++)
		matched[i] = Int64GetDatum(matches[i].activation_id);

	values[Anum_suppression_log_logged_at - 1] = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	values[Anum_suppression_log_diverted - 1] = BoolGetDatum(diverted);
	values[Anum_suppression_log_source_schema - 1] = writer->source_schema;
	values[Anum_suppression_log_source_table - 1] = writer->source_table;
	values[Anum_suppression_log_alert - 1] = poa_alert_jsonb(writer->jsonb, alert->row);
	values[Anum_suppression_log_alert_code - 1] = writer->alert_code;
	values[Anum_suppression_log_chf - 1] = alert->chf;
	set_nullable(values, nulls, Anum_suppression_log_mpxn, &alert->mpxn);
	nulls[Anum_suppression_log_distributor_id - 1] =
		!poa_alert_distributor(alert, deciding, &distributor_id);
	values[Anum_suppression_log_distributor_id - 1] = Int16GetDatum(distributor_id);
	values[Anum_suppression_log_decided_at - 1] = TimestampTzGetDatum(alert->at);
	values[Anum_suppression_log_activation_id - 1] = matched[0];
	values[Anum_suppression_log_matched - 1] =
		PointerGetDatum(construct_array(matched, nmatches, INT8OID,
										sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	values[Anum_suppression_log_device - 1] = deciding->device;
	set_nullable(values, nulls, Anum_suppression_log_manufacturer, &deciding->manufacturer);
	set_nullable(values, nulls, Anum_suppression_log_request_id, &deciding->request_id);
	values[Anum_suppression_log_activates_at - 1] = TimestampTzGetDatum(deciding->activates_at);
	values[Anum_suppression_log_opens_at - 1] = TimestampTzGetDatum(deciding->opens_at);
	values[Anum_suppression_log_closes_at - 1] = TimestampTzGetDatum(deciding->closes_at);
	values[Anum_suppression_log_delay - 1] =
		DirectFunctionCall2(timestamp_mi, TimestampTzGetDatum(alert->at),
							TimestampTzGetDatum(deciding->activates_at));
	set_nullable(values, nulls, Anum_suppression_log_alert_key, &alert->key);
	set_nullable(values, nulls, Anum_suppression_log_outage_started_at, &alert->started);
	values[Anum_suppression_log_hold_id - 1] = Int64GetDatum(hold_id);
	nulls[Anum_suppression_log_hold_id - 1] = hold_id == 0;
	set_nullable(values, nulls, Anum_suppression_log_originator, &deciding->originator);
	values[Anum_suppression_log_log_id - 1] = Int64GetDatum(nextval_internal(writer->log_id_seq, false));

	/* columns that a later version or a user has added stay NULL */
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
	poa_refuse_at_warehouse("poa.purge_log()", 0);

	SPI_connect();
	purging = true;
	PG_TRY();
	{
		(void) poa_execute("SELECT poa_internal.keep_purged($1)", 1, params, values);
		purged = poa_execute("DELETE FROM poa.suppression_log "
							 "WHERE logged_at OPERATOR(pg_catalog.<) $1",
							 1, params, values);
		(void) poa_execute("DELETE FROM poa.release_log AS r WHERE NOT EXISTS "
						   "(SELECT FROM poa.suppression_log AS l "
						   "WHERE l.log_id OPERATOR(pg_catalog.=) r.log_id)",
						   0, NULL, NULL);
		(void) poa_execute("DELETE FROM poa_internal.released_alert AS r WHERE NOT EXISTS "
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
