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
 * src/activation.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "guid.h"
#include "poa_suppress.h"

/*
 * The statements of this file; %1$s is the schema of the extension's tables,
 * %2$s that of the type guid.
 */
typedef enum Statement
{
	FIND_REQUEST,
	LOCK_ELIGIBLE,
	SEE_ELIGIBLE,
	INSERT_ACTIVATION,
	SUPERSEDE_PENDING,
	CANCEL_PENDING,
	SET_STATUS,
	SIGN_OF_LIFE,
	LOCK_DEVICE_OF,
	RETIME,
	NUM_STATEMENTS
} Statement;

#define MAX_PARAMETERS	7
#define GUID_PARAMETER	InvalidOid	/* stands for the type guid below */

#define ELIGIBLE \
	"SELECT d.chf, m.window_before, m.window_after " \
	"FROM %1$s.device AS d JOIN %1$s.manufacturer AS m ON m.manufacturer = d.manufacturer " \
	"WHERE d.device OPERATOR(%2$s.=) $1 " \
	"AND d.device_type = 'ESME' AND d.smets = 2 AND d.chf IS NOT NULL " \
	"AND EXISTS (SELECT FROM %1$s.guid_list AS g WHERE g.guid OPERATOR(%2$s.=) $1)"

static const struct
{
	const char *sql;
	int			nparams;
	Oid			params[MAX_PARAMETERS];
}			statements[NUM_STATEMENTS] =
{
	[FIND_REQUEST] = {
		"SELECT activation_id, device FROM %1$s.activation WHERE request_id = $1",
		1, {TEXTOID}
	},
	[LOCK_ELIGIBLE] = {
		ELIGIBLE " FOR NO KEY UPDATE OF d",
		1, {GUID_PARAMETER}
	},
	[SEE_ELIGIBLE] = {
		ELIGIBLE,
		1, {GUID_PARAMETER}
	},
	[INSERT_ACTIVATION] = {
		"INSERT INTO %1$s.activation "
		"(device, chf, request_id, received_at, activates_at, opens_at, closes_at, status) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, "
		"CASE WHEN EXISTS (SELECT FROM %1$s.activation AS a "
		"WHERE a.device OPERATOR(%2$s.=) $1 AND a.received_at > $4 AND a.received_at < $5) "
		"THEN 'superseded' ELSE 'tracked' END) "
		"ON CONFLICT (request_id) DO NOTHING RETURNING activation_id",
		7, {GUID_PARAMETER, GUID_PARAMETER, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID,
		TIMESTAMPTZOID, TIMESTAMPTZOID}
	},
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
		"INSERT INTO %1$s.sign_of_life (guid, seen_at, what) "
		"SELECT device, $2, 'outcome ' || $3 FROM %1$s.activation WHERE request_id = $1",
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
	Oid			schema = poa_schema(fcinfo);

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
								   quote_identifier(get_namespace_name(poa_guid_schema(schema))));

		for (int i = 0; i < statements[statement].nparams; i++)
			params[i] = statements[statement].params[i] == GUID_PARAMETER ?
				poa_guid_type(schema) : statements[statement].params[i];

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
 * Look a request up, which is not NULL.  True, with its activation, if it is
 * tracked already; 23505 if it is another device's.
 */
static bool
find_request(FunctionCallInfo fcinfo, Datum request_id, bool device_isnull,
			 Datum device, int64 *activation_id)
{
	bool		isnull;

	if (run(fcinfo, FIND_REQUEST, &request_id, NULL) == 0)
		return false;
	if (device_isnull ||
		DatumGetGuid(result_column(2, &isnull)) != DatumGetGuid(device))
		ereport(ERROR,
				(errcode(ERRCODE_UNIQUE_VIOLATION),
				 errmsg("request_id \"%s\" belongs to another device",
						TextDatumGetCString(request_id)),
				 errdetail("It is that of an activation of device %s.",
						   SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2)),
				 errhint("A RequestID is used once; look for a mix-up of devices where the message was read.")));
	*activation_id = DatumGetInt64(result_column(1, &isnull));
	return true;
}

/*
 * Lock an eligible device, so that it is tracked and moved by one at a time,
 * and leave its hub and window as the result of the last statement.  False if
 * the device is not eligible.
 *
 * A row that was deleted and inserted again while its lock was waited for is
 * seen only by the next statement, hence the second look.
 */
static bool
lock_eligible(FunctionCallInfo fcinfo, Datum device)
{
	while (run(fcinfo, LOCK_ELIGIBLE, &device, NULL) == 0)
	{
		if (run(fcinfo, SEE_ELIGIBLE, &device, NULL) == 0)
			return false;
	}
	return true;
}

/*
 * track_activation(device, activates_at, request_id, received_at): the work of
 * it, inside SPI.  Returns false where the device is not eligible.
 *
 * The window is reckoned in UTC, where a day has 24 hours, whatever the
 * session's time zone.
 */
static bool
track(FunctionCallInfo fcinfo, TimestampTz activates_at, TimestampTz received_at,
	  int64 *activation_id)
{
	Datum		device = PG_GETARG_DATUM(0);
	Datum		request_id = PG_GETARG_DATUM(2);
	bool		has_request_id = !PG_ARGISNULL(2);
	Datum		opens_at;
	Datum		closes_at;
	Datum		chf;
	bool		isnull;

	if (has_request_id &&
		find_request(fcinfo, request_id, PG_ARGISNULL(0), device, activation_id))
		return true;
	if (PG_ARGISNULL(0) || !lock_eligible(fcinfo, device))
		return false;

	chf = result_column(1, &isnull);
	opens_at = DirectFunctionCall2(timestamp_mi_interval,
								   TimestampTzGetDatum(activates_at), result_column(2, &isnull));
	closes_at = DirectFunctionCall2(timestamp_pl_interval,
									TimestampTzGetDatum(activates_at), result_column(3, &isnull));
	{
		Datum		values[] = {device, chf, request_id, TimestampTzGetDatum(received_at),
		TimestampTzGetDatum(activates_at), opens_at, closes_at};

		if (run(fcinfo, INSERT_ACTIVATION, values, has_request_id ? NULL : "  n    ") == 0)
		{
			/* another session brought the same request just now */
			if (!find_request(fcinfo, request_id, false, device, activation_id))
				elog(ERROR, "request vanished while it was tracked");
			return true;
		}
		*activation_id = DatumGetInt64(result_column(1, &isnull));
	}
	{
		Datum		values[] = {device, TimestampTzGetDatum(received_at),
		Int64GetDatum(*activation_id)};

		run(fcinfo, SUPERSEDE_PENDING, values, NULL);
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
	int64		activation_id = 0;
	bool		tracked;

	check_finite(activates_at, "activates_at");

	SPI_connect();
	tracked = track(fcinfo, activates_at, received_at, &activation_id);
	SPI_finish();

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
	TimestampTz seen_at = PG_NARGS() > 2 ? received_at_argument(fcinfo, 2) :
		GetCurrentTransactionStartTimestamp();
	Datum		values[3] = {PG_GETARG_DATUM(0)};
	bool		known;
	int			i = 0;

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
	Oid			schema = poa_schema(fcinfo);
	const char *tables;
	const char *type;
	SPIPlanPtr	plan;

	if (!CALLED_AS_TRIGGER(fcinfo) || trigdata->tg_newtable == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger function \"%s\" must be fired AFTER STATEMENT with a new table",
						"poa.follow_hub")));

	tables = quote_identifier(get_namespace_name(schema));
	type = quote_identifier(get_namespace_name(poa_guid_schema(schema)));

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
