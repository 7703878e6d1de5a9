/*-------------------------------------------------------------------------
 *
 * activation.c
 *	  Tracking of firmware activations: track, cancel, outcome.
 *
 * The order of requests to activate is that of their receipt at the DSP
 * (received_at, then arrival), not of their delivery here, which is at least
 * once and may be late.  An activation has started, for a command, when its
 * activation time is not after the receipt of that command; a meter has one
 * slot for what has not started, and each request takes it over.  The outcome
 * is therefore the same in whatever order requests arrive:
 *
 *	- a new command supersedes the meter's tracked activations that were
 *	  received no later and had not started when it was received;
 *	- it is itself superseded if a command received later, but before its
 *	  own activation time, is known already.
 *
 * A cancellation empties the slot when it arrives, and leaves no trace.
 *
 * Trackers of one meter, and whoever moves it to another hub, take turns on
 * the meter's row in poa.device.
 *
 * A campaign tracks a million meters in a night, hence by probes of indexes and
 * an insert without a query; all that is rarer is SQL.
 *
 * src/activation.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "activation.h"
#include "compat.h"
#include "guid.h"
#include "guid_parse.h"
#include "catalog.h"
#include "probe.h"
#include "tables.h"

/*
 * The statements of this file; %1$s is the schema of the extension's tables,
 * %2$s that of the type guid.
 */
typedef enum Statement
{
	SUPERSEDE_PENDING,
	CANCEL_PENDING,
	SET_STATUS,
	SIGN_OF_LIFE,
	LOCK_DEVICE_OF,
	RETIME,
	NUM_STATEMENTS
} Statement;

#define MAX_PARAMETERS	3
#define GUID_PARAMETER	InvalidOid	/* stands for the type guid below */

typedef struct StatementText
{
	const char *sql;
	int			nparams;
	Oid			params[MAX_PARAMETERS];
} StatementText;

static const StatementText statements[NUM_STATEMENTS] = {
	[SUPERSEDE_PENDING] = {
		"UPDATE %1$s.activation SET status = 'superseded' "
		"WHERE device OPERATOR(%2$s.=) $1 AND status = 'tracked' "
		"AND activates_at > $2 AND received_at <= $2 AND activation_id <> $3",
		3, {GUID_PARAMETER, TIMESTAMPTZOID, INT8OID}
	},
	[CANCEL_PENDING] = {
		"UPDATE %1$s.activation SET status = 'cancelled' "
		"WHERE device OPERATOR(%2$s.=) $1 AND status = 'tracked' AND activates_at > $2",
		2, {GUID_PARAMETER, TIMESTAMPTZOID}
	},
	[SET_STATUS] = {
		"UPDATE %1$s.activation SET status = $2 "
		"WHERE request_id = $1 AND status = 'tracked'",
		2, {TEXTOID, TEXTOID}
	},
	[SIGN_OF_LIFE] = {
		/* the same outcome again is the same message, delivered again */
		"WITH answer AS (SELECT device, 'outcome ' || $3 || ' of ' || $1 AS what "
		"FROM %1$s.activation WHERE request_id = $1), "
		"heard AS (INSERT INTO %1$s.sign_of_life (guid, seen_at, what) "
		"SELECT a.device, $2, a.what FROM answer AS a "
		"WHERE NOT EXISTS (SELECT FROM %1$s.sign_of_life AS s "
		"WHERE s.guid OPERATOR(%2$s.=) a.device AND s.what = a.what)) "
		"SELECT FROM answer",
		3, {TEXTOID, TIMESTAMPTZOID, TEXTOID}
	},
	[LOCK_DEVICE_OF] = {
		"SELECT d.chf FROM %1$s.device AS d JOIN %1$s.activation AS a ON a.device OPERATOR(%2$s.=) d.device "
		"WHERE a.request_id = $1 FOR NO KEY UPDATE OF d",
		1, {TEXTOID}
	},
	[RETIME] = {
		/* in UTC, where a day has 24 hours */
		"UPDATE %1$s.activation SET activates_at = $2, chf = coalesce($3, chf), "
		"opens_at = (opens_at AT TIME ZONE 'UTC' + ($2 - activates_at)) AT TIME ZONE 'UTC', "
		"closes_at = (closes_at AT TIME ZONE 'UTC' + ($2 - activates_at)) AT TIME ZONE 'UTC' "
		"WHERE request_id = $1 AND status = 'tracked' "
		"AND activates_at = received_at AND activates_at < $2",
		3, {TEXTOID, TIMESTAMPTZOID, GUID_PARAMETER}
	},
};

/*
 * Execute a plan, inside SPI, with new eyes: it sees what was committed before
 * it began, also in a transaction that keeps an older snapshot.  A tracker that
 * saw less could leave a meter two pending activations.  Returns the number of
 * rows.
 */
static uint64
execute_now(SPIPlanPtr plan, Datum *values, const char *nulls)
{
	int			result = SPI_execute_snapshot(plan, values, nulls, GetLatestSnapshot(),
											  InvalidSnapshot, false, true, 0);

	if (result < 0)
		elog(ERROR, "SPI_execute_snapshot failed: %s", SPI_result_code_string(result));
	return SPI_processed;
}

/*
 * Run a statement, prepared once a session.
 *
 * fcinfo is that of the SQL function, whose schema is where the tables are.
 * Plans of an extension that was dropped and created again are thrown away,
 * which its new schema tells.  Must run inside SPI; returns the number of rows.
 */
static uint64
run(FunctionCallInfo fcinfo, Statement statement, Datum *values, const char *nulls)
{
	static SPIPlanPtr plans[NUM_STATEMENTS];
	static Oid	plans_schema = InvalidOid;
	Oid			schema = get_namespace_oid("poa", false);

	if (schema != plans_schema)
	{
		for (int i = 0; i < NUM_STATEMENTS; i++)
		{
			if (plans[i] != NULL)
				SPI_freeplan(plans[i]);
			plans[i] = NULL;
		}
		plans_schema = schema;
	}

	if (plans[statement] == NULL)
	{
		Oid			params[MAX_PARAMETERS];
		SPIPlanPtr	plan;
		char	   *sql = psprintf(statements[statement].sql,
								   quote_identifier(get_namespace_name(schema)),
								   quote_identifier(get_namespace_name(poa_guid_schema())));

		for (int i = 0; i < statements[statement].nparams; i++)
			params[i] = statements[statement].params[i] == GUID_PARAMETER ?
				poa_guid_type() : statements[statement].params[i];

		plan = SPI_prepare(sql, statements[statement].nparams, params);
		if (plan == NULL)
			elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
		SPI_keepplan(plan);
		plans[statement] = plan;
	}

	return execute_now(plans[statement], values, nulls);
}

/*
 * Refuse an instant that is not finite, 22023.  "what" names it in the error.
 */
static void
check_finite(TimestampTz instant, const char *what)
{
	if (TIMESTAMP_NOT_FINITE(instant))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a finite instant", what),
				 errdetail("%s is %s.", what,
						   TIMESTAMP_IS_NOBEGIN(instant) ? "-infinity" : "infinity"),
				 errhint("Give the time that the message carries, or leave the argument out.")));
}

/*
 * Argument n, the instant at which a command was received: 22023 where it is
 * NULL or infinite.
 */
static TimestampTz
received_at_argument(FunctionCallInfo fcinfo, int n)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("received_at must not be NULL"),
				 errdetail("The order of commands is that of their receipt."),
				 errhint("Leave the argument out for the present time.")));
	check_finite(PG_GETARG_TIMESTAMPTZ(n), "received_at");
	return PG_GETARG_TIMESTAMPTZ(n);
}

/*
 * Column n of the first row of the last statement.
 */
static Datum
result_column(int n, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, n, isnull);
}

/*
 * Look a request up, which is not NULL, and wait for whoever is just bringing
 * it.  True, with its activation, if it is tracked already; 23505 if it is
 * another device's.
 */
static bool
find_request(FunctionCallInfo fcinfo, text *request_id, int64 *activation_id)
{
	PoaProbe	probe = {0};
	SnapshotData dirty;
	bool		found;

	poa_probe_open(&probe, "activation", AccessShareLock,
				   "activation_request_id_key");
	InitDirtySnapshot(dirty);
	for (;;)
	{
		poa_probe_start_with(&probe, PointerGetDatum(request_id), &dirty);
		found = poa_probe_next(&probe);
		if (!found || !TransactionIdIsValid(dirty.xmin))
			break;
		poa_probe_end(&probe);
		XactLockTableWait(dirty.xmin, NULL, NULL, XLTW_None);
	}

	if (found)
	{
		bool		isnull;
		Datum		device = slot_getattr(probe.slot, ACTIVATION_DEVICE, &isnull);

		if (PG_ARGISNULL(0) || DatumGetGuid(device) != PG_GETARG_GUID(0))
		{
			TupleDesc	columns = RelationGetDescr(probe.heap);
			Oid			output;
			bool		varlena;

			getTypeOutputInfo(TupleDescAttr(columns, ACTIVATION_DEVICE - 1)->atttypid,
							  &output, &varlena);
			ereport(ERROR,
					(errcode(ERRCODE_UNIQUE_VIOLATION),
					 errmsg("request_id \"%s\" belongs to another device",
							text_to_cstring(request_id)),
					 errdetail("It is that of an activation of device %s.",
							   OidOutputFunctionCall(output, device)),
					 errhint("A RequestID is used once; look for a mix-up of devices where the message was read.")));
		}
		*activation_id = DatumGetInt64(slot_getattr(probe.slot, ACTIVATION_ID, &isnull));
	}
	poa_probe_close(&probe);
	return found;
}

/* What the registry has of an eligible device */
typedef struct Registration
{
	Datum		chf;
	Interval	window_before;
	Interval	window_after;
	text	   *manufacturer;
	text	   *mpxn;			/* NULL where the meter has none */
} Registration;

/*
 * Look a manufacturer's windows up; false if it is not subject to suppression.
 */
static bool
find_manufacturer(Oid schema, Datum manufacturer, Registration *registration)
{
	PoaProbe	probe = {0};
	bool		found;
	bool		isnull;

	poa_probe_open(&probe, "manufacturer", AccessShareLock, "manufacturer_pkey");
	poa_probe_start(&probe, manufacturer);
	found = poa_probe_next(&probe);
	if (found)
	{
		registration->window_before =
			*DatumGetIntervalP(slot_getattr(probe.slot, MANUFACTURER_WINDOW_BEFORE, &isnull));
		registration->window_after =
			*DatumGetIntervalP(slot_getattr(probe.slot, MANUFACTURER_WINDOW_AFTER, &isnull));
	}
	poa_probe_close(&probe);
	return found;
}

/*
 * Is a device on the list?
 */
static bool
is_listed(Oid schema, Datum device)
{
	PoaProbe	probe = {0};
	bool		found;

	poa_probe_open(&probe, "guid_list", AccessShareLock, "guid_list_pkey");
	poa_probe_start(&probe, device);
	found = poa_probe_next(&probe);
	poa_probe_close(&probe);
	return found;
}

/*
 * Is the device in the slot, which is a row of poa.device, eligible?  The same
 * five questions as poa.eligibility's (registry.sql).
 */
static bool
is_eligible(Oid schema, TupleTableSlot *slot, Datum device, Registration *registration)
{
	Datum		chf;
	bool		isnull;

	/* one call for the last column fetches those before it too */
	(void) slot_getattr(slot, DEVICE_MPXN, &isnull);
	registration->mpxn = isnull ? NULL :
		DatumGetTextPCopy(slot->tts_values[DEVICE_MPXN - 1]);
	registration->manufacturer = slot->tts_isnull[DEVICE_MANUFACTURER - 1] ? NULL :
		DatumGetTextPCopy(slot->tts_values[DEVICE_MANUFACTURER - 1]);
	if (slot->tts_isnull[DEVICE_CHF - 1])
		return false;
	chf = slot->tts_values[DEVICE_CHF - 1];
	registration->chf = GuidGetDatum(DatumGetGuid(chf));
	return poa_text_is(slot->tts_values[DEVICE_TYPE - 1], "ESME", strlen("ESME")) &&
		!slot->tts_isnull[DEVICE_SMETS - 1] &&
		DatumGetInt16(slot->tts_values[DEVICE_SMETS - 1]) == 2 &&
		!slot->tts_isnull[DEVICE_MANUFACTURER - 1] &&
		find_manufacturer(schema, slot->tts_values[DEVICE_MANUFACTURER - 1], registration) &&
		is_listed(schema, device);
}

/*
 * Lock an eligible device, so that it is tracked and moved by one at a time.
 * False if it is not eligible; 25006 in a read-only transaction or on a standby.
 *
 * A row that changed while its lock was waited for, or was deleted and inserted
 * again, is looked at anew.
 */
static bool
lock_eligible(Oid schema, Datum device, Registration *registration)
{
	PoaProbe	probe = {0};
	bool		eligible;

	poa_probe_open(&probe, "device", RowShareLock, "device_pkey");
	for (;;)
	{
		TM_FailureData failure;
		TM_Result	result;

		poa_probe_start(&probe, device);
		eligible = poa_probe_next(&probe) &&
			is_eligible(schema, probe.slot, device, registration);
		if (!eligible)
			break;
		PreventCommandIfReadOnly("poa.track_activation()");
		result = table_tuple_lock(probe.heap, &probe.slot->tts_tid, GetLatestSnapshot(),
								  probe.slot, GetCurrentCommandId(false),
								  LockTupleNoKeyExclusive, LockWaitBlock, 0, &failure);
		if (result == TM_Ok)
			break;
		if (result != TM_Updated && result != TM_Deleted)
			elog(ERROR, "unexpected table_tuple_lock status: %u", result);
	}
	poa_probe_close(&probe);
	return eligible;
}

/* What a device's other activations mean to a command */
typedef struct Others
{
	bool		known;			/* the request is tracked already ... */
	int64		activation_id;	/* ... as this one */
	bool		newer;			/* one came later, before the start */
	bool		pending;		/* the command supersedes one */
} Others;

/*
 * Look at the other activations of a device, which is locked.
 */
static Others
look_at_others(Oid schema, Datum device, text *request_id,
			   TimestampTz received_at, TimestampTz activates_at)
{
	PoaProbe	probe = {0};
	Others		others = {0};

	poa_probe_open(&probe, "activation", AccessShareLock, "activation_device_idx");
	poa_probe_start(&probe, device);
	while (poa_probe_next(&probe))
	{
		TupleTableSlot *slot = probe.slot;
		TimestampTz other;

		slot_getallattrs(slot);
		other = DatumGetTimestampTz(slot->tts_values[ACTIVATION_RECEIVED_AT - 1]);
		if (other > received_at && other < activates_at)
			others.newer = true;
		if (other <= received_at &&
			DatumGetTimestampTz(slot->tts_values[ACTIVATION_ACTIVATES_AT - 1]) > received_at &&
			poa_text_is(slot->tts_values[ACTIVATION_STATUS - 1], "tracked", strlen("tracked")))
			others.pending = true;
		if (request_id != NULL && !slot->tts_isnull[ACTIVATION_REQUEST_ID - 1] &&
			poa_text_is(slot->tts_values[ACTIVATION_REQUEST_ID - 1],
						VARDATA_ANY(request_id), VARSIZE_ANY_EXHDR(request_id)))
		{
			others.known = true;
			others.activation_id = DatumGetInt64(slot->tts_values[ACTIVATION_ID - 1]);
		}
	}
	poa_probe_close(&probe);
	return others;
}

/*
 * The originator of a request: the first part of its RequestID, where that is
 * a GUID.
 */
static bool
find_originator(text *request_id, uint64 *originator)
{
	const char *id = VARDATA_ANY(request_id);
	const char *colon = memchr(id, ':', VARSIZE_ANY_EXHDR(request_id));

	return colon != NULL && poa_guid_parse(id, colon - id, originator);
}

/*
 * Store an activation, the way the logical replication worker stores a row,
 * and return its id.
 *
 * The window is reckoned in UTC, where a day has 24 hours, whatever the
 * session's time zone.
 */
static int64
insert_activation(Oid schema, Datum device, text *request_id, TimestampTz received_at,
				  TimestampTz activates_at, Registration *registration, const char *status)
{
	Relation	activation = table_open(poa_relation("activation"), RowExclusiveLock);
	EState	   *estate = CreateExecutorState();
	ResultRelInfo *result = makeNode(ResultRelInfo);
	TupleTableSlot *slot = table_slot_create(activation, NULL);
	int64		activation_id = nextval_internal(poa_relation("activation_activation_id_seq"), false);
	Datum		values[ACTIVATION_NUM_COLUMNS] = {0};
	bool		nulls[ACTIVATION_NUM_COLUMNS] = {0};
	uint64		originator;

	values[ACTIVATION_ID - 1] = Int64GetDatum(activation_id);
	values[ACTIVATION_DEVICE - 1] = device;
	values[ACTIVATION_CHF - 1] = registration->chf;
	values[ACTIVATION_REQUEST_ID - 1] = PointerGetDatum(request_id);
	nulls[ACTIVATION_REQUEST_ID - 1] = request_id == NULL;
	values[ACTIVATION_RECEIVED_AT - 1] = TimestampTzGetDatum(received_at);
	values[ACTIVATION_ACTIVATES_AT - 1] = TimestampTzGetDatum(activates_at);
	values[ACTIVATION_OPENS_AT - 1] =
		DirectFunctionCall2(timestamp_mi_interval, TimestampTzGetDatum(activates_at),
							IntervalPGetDatum(&registration->window_before));
	values[ACTIVATION_CLOSES_AT - 1] =
		DirectFunctionCall2(timestamp_pl_interval, TimestampTzGetDatum(activates_at),
							IntervalPGetDatum(&registration->window_after));
	values[ACTIVATION_STATUS - 1] = CStringGetTextDatum(status);
	values[ACTIVATION_MANUFACTURER - 1] = PointerGetDatum(registration->manufacturer);
	values[ACTIVATION_MPXN - 1] = PointerGetDatum(registration->mpxn);
	nulls[ACTIVATION_MPXN - 1] = registration->mpxn == NULL;
	nulls[ACTIVATION_ORIGINATOR - 1] = request_id == NULL ||
		!find_originator(request_id, &originator);
	if (!nulls[ACTIVATION_ORIGINATOR - 1])
		values[ACTIVATION_ORIGINATOR - 1] = GuidGetDatum(originator);
	nulls[ACTIVATION_FIRMWARE_HASH - 1] = true;
	values[ACTIVATION_TRACKED_AT - 1] = TimestampTzGetDatum(GetCurrentTimestamp());
	nulls[ACTIVATION_ENDED_AT - 1] = true;
	nulls[ACTIVATION_ENDED_BY - 1] = true;
	/* columns that a later version or somebody else has added stay NULL */
	ExecStoreAllNullTuple(slot);
	memcpy(slot->tts_values, values, sizeof(values));
	memcpy(slot->tts_isnull, nulls, sizeof(nulls));

	AfterTriggerBeginQuery();
	InitResultRelInfo(result, activation, 0, NULL, 0);
	/* or an AFTER trigger would open the table once more, for nobody to close */
	estate->es_opened_result_relations = list_make1(result);
	ExecOpenIndices(result, false);
	ExecSimpleRelationInsert(result, estate, slot);
	AfterTriggerEndQuery(estate);
	if (!ItemPointerIsValid(&slot->tts_tid))
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
				 errmsg("the activation was not stored"),
				 errdetail("A trigger on \"%s\" kept it out.", RelationGetRelationName(activation)),
				 errhint("Drop the trigger.")));

	ExecCloseIndices(result);
	ExecResetTupleTable(estate->es_tupleTable, false);
	ExecDropSingleTupleTableSlot(slot);
	FreeExecutorState(estate);
	table_close(activation, NoLock);
	return activation_id;
}

/*
 * track_activation(device, activates_at, request_id, received_at): the work of
 * it.  Returns false where the device is not eligible.
 *
 * A request that is known is answered without a lock.  One that another session
 * brought while the lock was waited for is among the device's others.  One that
 * it brings for another device between our look and our insert is the index's
 * to refuse, also with 23505.
 */
static bool
track(FunctionCallInfo fcinfo, TimestampTz activates_at, TimestampTz received_at,
	  int64 *activation_id)
{
	Oid			schema = get_namespace_oid("poa", false);
	Datum		device = PG_GETARG_DATUM(0);
	text	   *request_id = PG_ARGISNULL(2) ? NULL : PG_GETARG_TEXT_PP(2);
	Registration registration;
	Others		others;

	if (request_id != NULL && find_request(fcinfo, request_id, activation_id))
		return true;
	if (PG_ARGISNULL(0) || !lock_eligible(schema, device, &registration))
		return false;

	others = look_at_others(schema, device, request_id, received_at, activates_at);
	*activation_id = others.known ? others.activation_id :
		insert_activation(schema, device, request_id, received_at, activates_at,
						  &registration, others.newer ? "superseded" : "tracked");
	if (others.pending && !others.known)
	{
		Datum		values[] = {device, TimestampTzGetDatum(received_at),
		Int64GetDatum(*activation_id)};

		SPI_connect();
		run(fcinfo, SUPERSEDE_PENDING, values, NULL);
		SPI_finish();
	}
	return true;
}

/*
 * track_activation(device, activates_at, request_id, received_at): see
 * activation.sql for what it answers and raises.
 */
PG_FUNCTION_INFO_V1(poa_track_activation);
Datum
poa_track_activation(PG_FUNCTION_ARGS)
{
	TimestampTz received_at = received_at_argument(fcinfo, 3);
	TimestampTz activates_at = PG_ARGISNULL(1) ? received_at : PG_GETARG_TIMESTAMPTZ(1);
	int64		activation_id;
	bool		tracked;

	check_finite(activates_at, "activates_at");

	/* see what the command around us has done, and show it what we did */
	CommandCounterIncrement();
	tracked = track(fcinfo, activates_at, received_at, &activation_id);
	CommandCounterIncrement();

	if (!tracked)
		PG_RETURN_NULL();
	PG_RETURN_INT64(activation_id);
}

/*
 * cancel_activation(device, received_at): see activation.sql.
 */
PG_FUNCTION_INFO_V1(poa_cancel_activation);
Datum
poa_cancel_activation(PG_FUNCTION_ARGS)
{
	Datum		values[] = {PG_GETARG_DATUM(0), TimestampTzGetDatum(received_at_argument(fcinfo, 1))};
	uint64		cancelled;

	if (PG_ARGISNULL(0))
		PG_RETURN_INT32(0);

	SPI_connect();
	cancelled = run(fcinfo, CANCEL_PENDING, values, NULL);
	SPI_finish();
	PG_RETURN_INT32((int32) cancelled);
}

/*
 * record_outcome(request_id, outcome), record_outcome_at(request_id, outcome,
 * received_at): see activation.sql.  Whatever the meter answered, it answered.
 */
PG_FUNCTION_INFO_V1(poa_record_outcome);
Datum
poa_record_outcome(PG_FUNCTION_ARGS)
{
	/* what each outcome makes of a tracked activation; NULL leaves it */
	static const struct
	{
		const char *outcome;
		const char *status;
	}			outcomes[] =
	{
		{"succeeded", "succeeded"},
		{"no_image_held", "failed"},
		{"hash_mismatch", "failed"},
		{"activation_failure", NULL},
	};
	char	   *outcome = PG_ARGISNULL(1) ? "NULL" : text_to_cstring(PG_GETARG_TEXT_PP(1));
	TimestampTz seen_at;
	Datum		values[3] = {PG_GETARG_DATUM(0)};
	bool		known;
	int			i = 0;

	seen_at = PG_NARGS() > 2 ? received_at_argument(fcinfo, 2) :
		GetCurrentTransactionStartTimestamp();
	while (i < (int) lengthof(outcomes) && strcmp(outcome, outcomes[i].outcome) != 0)
		i++;
	if (i == (int) lengthof(outcomes))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid outcome: %s", outcome),
				 errhint("An outcome is succeeded, no_image_held, hash_mismatch or activation_failure.")));

	if (PG_ARGISNULL(0))
		PG_RETURN_BOOL(false);

	SPI_connect();
	if (outcomes[i].status != NULL)
	{
		values[1] = CStringGetTextDatum(outcomes[i].status);
		run(fcinfo, SET_STATUS, values, NULL);
	}
	values[1] = TimestampTzGetDatum(seen_at);
	values[2] = PG_GETARG_DATUM(1);
	known = run(fcinfo, SIGN_OF_LIFE, values, NULL) > 0;
	SPI_finish();
	PG_RETURN_BOOL(known);
}

/*
 * retime_activation(request_id, received_at): see activation.sql.
 *
 * A window that had closed did not follow its meter to another hub; when it
 * opens anew, it opens where the meter is now.
 */
PG_FUNCTION_INFO_V1(poa_retime_activation);
Datum
poa_retime_activation(PG_FUNCTION_ARGS)
{
	Datum		values[] = {PG_GETARG_DATUM(0), TimestampTzGetDatum(received_at_argument(fcinfo, 1)), (Datum) 0};
	bool		no_hub = true;
	bool		retimed;

	if (PG_ARGISNULL(0))
		PG_RETURN_BOOL(false);

	SPI_connect();
	if (run(fcinfo, LOCK_DEVICE_OF, values, NULL) > 0)
		values[2] = result_column(1, &no_hub);
	retimed = run(fcinfo, RETIME, values, no_hub ? "  n" : NULL) > 0;
	SPI_finish();
	PG_RETURN_BOOL(retimed);
}

/*
 * follow_hub(): the statement trigger of poa.device that takes the windows of
 * its meters to the hubs where they are now; see activation.sql.
 *
 * It looks at the activations of this moment also in a transaction that keeps
 * an older snapshot: one that was tracked for the old hub just before has to
 * come along.
 */
PG_FUNCTION_INFO_V1(poa_follow_hub);
Datum
poa_follow_hub(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	Oid			schema = get_namespace_oid("poa", false);
	const char *tables;
	const char *type;
	SPIPlanPtr	plan;

	if (!CALLED_AS_TRIGGER(fcinfo) || trigdata->tg_newtable == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger function \"%s\" must be fired AFTER STATEMENT with a new table",
						"poa_internal.follow_hub")));

	tables = quote_identifier(get_namespace_name(schema));
	type = quote_identifier(get_namespace_name(poa_guid_schema()));

	SPI_connect();
	SPI_register_trigger_data(trigdata);
	plan = SPI_prepare(psprintf("UPDATE %1$s.activation AS a SET chf = m.chf FROM %3$s AS m "
								"WHERE a.device OPERATOR(%2$s.=) m.device "
								"AND a.chf OPERATOR(%2$s.<>) m.chf "
								"AND a.status IN ('tracked', 'succeeded') AND a.closes_at >= now()",
								tables, type, quote_identifier(trigdata->tg_trigger->tgnewtable)),
					   0, NULL);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	(void) execute_now(plan, NULL, NULL);
	SPI_finish();
	return PointerGetDatum(NULL);
}
