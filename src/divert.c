/*-------------------------------------------------------------------------
 *
 * divert.c
 *	  The trigger on the DSP's table of alerts: store an alert, or divert it.
 *
 * An AD1 whose hub has a suppressing window that holds its instant is written
 * to the suppression log instead of its table, in the same transaction; every
 * other row is stored untouched.  The question is put to the hash index on the
 * hub; where a hub has had more windows than one, to a btree index that passes
 * over those which have closed, or old windows would make an alert dear.
 *
 * What the trigger needs - columns, the open index, the writer of the log - is
 * kept for one statement and one table in fn_extra, so nothing has to be
 * invalidated: the statement's lock keeps the table as it is.  The open
 * relations are released when the memory of the statement is, or else at
 * abort, where the resource owner releases them and we only forget them.
 *
 * src/divert.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "lib/ilist.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

#include "attach.h"
#include "catalog.h"
#include "compat.h"
#include "guid.h"
#include "log.h"
#include "poa_suppress.h"
#include "probe.h"
#include "release.h"
#include "tables.h"

/* The alert that a communications hub without power sends (DUIS) */
#define POWER_OUTAGE_ALERT	"AD1"

/* What one statement keeps for one table of alerts */
typedef struct Diversion
{
	AttrNumber	code;
	AttrNumber	chf;
	AttrNumber	at;
	AttrNumber	mpxn;			/* 0 where the table has none */
	bool		shadow;

	MemoryContext context;		/* the statement's */
	ResourceOwner owner;		/* of what is open below */
	SubTransactionId subid;		/* in which the statement runs */
	PoaProbe	windows;		/* by hub; open from the first AD1 on */
	PoaProbe	recent_windows; /* by hub, from a time on; open once needed */
	PoaLogWriter *log;			/* open from the first diverted one on */
	MemoryContextCallback at_end;
	dlist_node	node;			/* in open_diversions */
} Diversion;

/* Those that hold open relations */
static dlist_head open_diversions = DLIST_STATIC_INIT(open_diversions);

/*
 * Forget what a diversion holds open; at abort the resource owner releases it.
 */
static void
forget(Diversion *diversion)
{
	if (diversion->windows.heap != NULL)
		dlist_delete(&diversion->node);
	diversion->windows.heap = NULL;
	diversion->recent_windows.heap = NULL;
	diversion->log = NULL;
}

/*
 * The memory of a statement goes: release what its diversion holds open.  In
 * a transaction that aborts the resources are no longer ours to release.
 */
static void
end_of_statement(void *arg)
{
	Diversion  *diversion = arg;
	ResourceOwner current = CurrentResourceOwner;

	if (diversion->windows.heap != NULL && IsTransactionState())
	{
		CurrentResourceOwner = diversion->owner;
		if (diversion->log != NULL)
			poa_log_close(diversion->log);
		dlist_delete(&diversion->node);
		poa_probe_close(&diversion->windows);
		poa_probe_close(&diversion->recent_windows);
		CurrentResourceOwner = current;
	}
	else
		forget(diversion);
}

/*
 * A subtransaction aborts: forget what its statements hold open.  Statements
 * of the transactions around it go on.
 */
static void
end_of_subtransaction(SubXactEvent event, SubTransactionId subid,
					  SubTransactionId parent, void *arg)
{
	dlist_mutable_iter iter;

	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	dlist_foreach_modify(iter, &open_diversions)
	{
		Diversion  *diversion = dlist_container(Diversion, node, iter.cur);

		if (diversion->subid == subid)
			forget(diversion);
	}
}

/*
 * A transaction aborts: forget everything that is open.
 */
static void
end_of_transaction(XactEvent event, void *arg)
{
	dlist_mutable_iter iter;

	if (event != XACT_EVENT_ABORT)
		return;
	dlist_foreach_modify(iter, &open_diversions)
		forget(dlist_container(Diversion, node, iter.cur));
}

/*
 * Make what a statement keeps for a table of alerts.  Nothing is opened yet:
 * a statement without an AD1 needs nothing.
 */
static Diversion *
start_statement(FunctionCallInfo fcinfo)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	Trigger    *trigger = trigdata->tg_trigger;
	Relation	alerts = trigdata->tg_relation;
	char	  **args = trigger->tgargs;
	Oid			guid_type;
	Diversion  *diversion;

	if (trigger->tgnargs != POA_NUM_ARGS ||
		(strcmp(args[POA_ARG_MODE], "divert") != 0 && strcmp(args[POA_ARG_MODE], "shadow") != 0))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" has arguments that poa.attach() did not write",
						trigger->tgname),
				 errhint("Create the trigger with poa.attach().")));

	diversion = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Diversion));
	guid_type = poa_guid_type();
	diversion->code = poa_attached_column(alerts, args[POA_ARG_CODE], TEXTOID, VARCHAROID);
	diversion->chf = poa_attached_column(alerts, args[POA_ARG_CHF], guid_type, guid_type);
	diversion->at = poa_attached_column(alerts, args[POA_ARG_AT], TIMESTAMPTZOID, TIMESTAMPTZOID);
	if (args[POA_ARG_MPXN][0] != '\0')
		diversion->mpxn = poa_attached_column(alerts, args[POA_ARG_MPXN], TEXTOID, VARCHAROID);
	if (args[POA_ARG_DEVICE][0] != '\0')
		(void) poa_attached_column(alerts, args[POA_ARG_DEVICE], guid_type, guid_type);
	diversion->shadow = strcmp(args[POA_ARG_MODE], "shadow") == 0;

	/*
	 * We run in the executor's memory for one row.  Its parent goes with the
	 * executor, before the resource owner does; COPY's fn_mcxt goes after it.
	 */
	diversion->context = MemoryContextGetParent(CurrentMemoryContext);

	fcinfo->flinfo->fn_extra = diversion;
	return diversion;
}

/*
 * Open the index of windows by hub for the rest of the statement.
 */
static void
open_windows(Diversion *diversion)
{
	static bool callbacks_registered = false;
	MemoryContext per_row = MemoryContextSwitchTo(diversion->context);

	if (!callbacks_registered)
	{
		RegisterXactCallback(end_of_transaction, NULL);
		RegisterSubXactCallback(end_of_subtransaction, NULL);
		callbacks_registered = true;
	}

	poa_probe_open(&diversion->windows, "activation", AccessShareLock,
				   "activation_chf_idx");
	diversion->owner = CurrentResourceOwner;
	diversion->subid = GetCurrentSubTransactionId();
	dlist_push_head(&open_diversions, &diversion->node);
	diversion->at_end.func = end_of_statement;
	diversion->at_end.arg = diversion;
	MemoryContextRegisterResetCallback(diversion->context, &diversion->at_end);
	MemoryContextSwitchTo(per_row);
}

/*
 * Does the row in the slot suppress an alert at an instant?
 */
static bool
window_holds(TupleTableSlot *slot, TimestampTz at)
{
	bool		isnull;
	Datum		status;

	/* one call for the last column fetches those before it too */
	status = slot_getattr(slot, ACTIVATION_STATUS, &isnull);
	if (at < DatumGetTimestampTz(slot->tts_values[ACTIVATION_OPENS_AT - 1]) ||
		at > DatumGetTimestampTz(slot->tts_values[ACTIVATION_CLOSES_AT - 1]))
		return false;

	/* a tracked activation, or one that is known to have succeeded */
	return poa_text_is(status, "tracked", strlen("tracked")) ||
		poa_text_is(status, "succeeded", strlen("succeeded"));
}

/*
 * Order of the windows that hold an alert: latest activation first, then the
 * greatest id.
 */
static int
compare_matches(const void *a, const void *b)
{
	const PoaMatch *x = a;
	const PoaMatch *y = b;

	if (x->activates_at != y->activates_at)
		return x->activates_at > y->activates_at ? -1 : 1;
	return x->activation_id > y->activation_id ? -1 : 1;
}

/*
 * Ask anew, for those windows of a hub that had not closed before an instant.
 * The hash index knows nothing of time, so each of a hub's old windows would
 * cost a visit.
 */
static PoaProbe *
leave_out_closed(Diversion *diversion, Datum chf, TimestampTz at)
{
	PoaProbe   *probe = &diversion->recent_windows;

	poa_probe_end(&diversion->windows);
	if (probe->heap == NULL)
	{
		MemoryContext per_row = MemoryContextSwitchTo(diversion->context);

		poa_probe_open(probe, "activation", AccessShareLock,
					   "activation_chf_closes_at_idx");
		MemoryContextSwitchTo(per_row);
	}
	poa_probe_start_from(probe, chf, TimestampTzGetDatum(at));
	return probe;
}

/*
 * Find the windows of a hub that hold an instant.  Returns their number, and
 * the windows in order in *matches, in the current memory context.
 */
static int
find_windows(Diversion *diversion, Datum chf, TimestampTz at, PoaMatch **matches)
{
	PoaProbe   *probe = &diversion->windows;
	bool		found;
	bool		more;
	int			n = 0;

	if (probe->heap == NULL)
		open_windows(diversion);

	poa_probe_start(probe, chf);
	found = poa_probe_sole(probe, &more);
	if (more)
	{
		probe = leave_out_closed(diversion, chf, at);
		found = poa_probe_next(probe);
	}
	for (; found; found = more && poa_probe_next(probe))
	{
		Datum	   *values = probe->slot->tts_values;
		PoaMatch   *match;

		if (!window_holds(probe->slot, at))
			continue;

		*matches = n == 0 ? palloc(sizeof(PoaMatch)) :
			repalloc(*matches, (n + 1) * sizeof(PoaMatch));
		match = &(*matches)[n++];
		match->activation_id = DatumGetInt64(values[ACTIVATION_ID - 1]);
		match->device = GuidGetDatum(DatumGetGuid(values[ACTIVATION_DEVICE - 1]));
		match->request_id = probe->slot->tts_isnull[ACTIVATION_REQUEST_ID - 1] ? (Datum) 0 :
			PointerGetDatum(PG_DETOAST_DATUM_COPY(values[ACTIVATION_REQUEST_ID - 1]));
		match->activates_at = DatumGetTimestampTz(values[ACTIVATION_ACTIVATES_AT - 1]);
		match->opens_at = DatumGetTimestampTz(values[ACTIVATION_OPENS_AT - 1]);
		match->closes_at = DatumGetTimestampTz(values[ACTIVATION_CLOSES_AT - 1]);
	}
	/* also when nothing was found: VACUUM waits for a page that it holds */
	poa_probe_end(probe);

	if (n > 1)
		qsort(*matches, n, sizeof(PoaMatch), compare_matches);
	return n;
}

/*
 * Open the log for the rest of the statement.
 */
static void
open_log(Diversion *diversion, Relation alerts)
{
	MemoryContext per_row = MemoryContextSwitchTo(diversion->context);

	diversion->log = poa_log_open(alerts);
	MemoryContextSwitchTo(per_row);
}

/*
 * Refuse a call that is not that of a BEFORE INSERT row trigger, 39P01.
 */
static inline void
check_called_right(FunctionCallInfo fcinfo)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	const char *must;

	if (likely(CALLED_AS_TRIGGER(fcinfo) &&
			   (trigdata->tg_event & (TRIGGER_EVENT_OPMASK | TRIGGER_EVENT_ROW | TRIGGER_EVENT_TIMINGMASK)) ==
			   (TRIGGER_EVENT_INSERT | TRIGGER_EVENT_ROW | TRIGGER_EVENT_BEFORE)))
		return;

	if (!CALLED_AS_TRIGGER(fcinfo))
		must = "be called by the trigger manager";
	else if (!TRIGGER_FIRED_BEFORE(trigdata->tg_event))
		must = "be fired BEFORE";
	else if (!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event))
		must = "be fired FOR EACH ROW";
	else
		must = "be fired for INSERT";

	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("trigger function \"%s\" must %s", "poa.divert", must),
			 errhint("Create the trigger with poa.attach().")));
}

/*
 * divert(): the trigger.
 *
 * Returns the row as it came to store it, NULL when it has been diverted.  Any
 * error, also one in writing the log, is the insert's.
 */
PG_FUNCTION_INFO_V1(poa_divert);
Datum
poa_divert(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	Diversion  *diversion = fcinfo->flinfo->fn_extra;
	HeapTuple	tuple;
	PoaAlert	alert;
	PoaMatch   *matches = NULL;
	int			nmatches;
	Datum		at;
	bool		isnull;

	check_called_right(fcinfo);
	if (diversion == NULL && poa_enabled)
		diversion = start_statement(fcinfo);
	tuple = trigdata->tg_trigtuple;
	alert.row = trigdata->tg_trigslot;
	if (!poa_enabled)
		return PointerGetDatum(tuple);

	alert.code = slot_getattr(alert.row, diversion->code, &isnull);
	if (isnull ||
		VARSIZE_ANY_EXHDR(DatumGetPointer(alert.code)) != strlen(POWER_OUTAGE_ALERT))
		return PointerGetDatum(tuple);
	alert.code = PointerGetDatum(DatumGetTextPP(alert.code));
	if (memcmp(VARDATA_ANY(DatumGetPointer(alert.code)), POWER_OUTAGE_ALERT,
			   strlen(POWER_OUTAGE_ALERT)) != 0)
		return PointerGetDatum(tuple);
	alert.chf = slot_getattr(alert.row, diversion->chf, &isnull);
	if (isnull)
		return PointerGetDatum(tuple);
	at = slot_getattr(alert.row, diversion->at, &isnull);
	if (isnull)
		return PointerGetDatum(tuple);
	alert.at = DatumGetTimestampTz(at);

	if (poa_release_passes(trigdata->tg_relation))
		return PointerGetDatum(tuple);

	nmatches = find_windows(diversion, alert.chf, alert.at, &matches);
	if (nmatches > 0 && diversion->log == NULL)
	{
		/* the lock on the log may have waited for a purge of activations */
		open_log(diversion, trigdata->tg_relation);
		nmatches = find_windows(diversion, alert.chf, alert.at, &matches);
	}
	if (nmatches == 0)
		return PointerGetDatum(tuple);

	alert.mpxn = diversion->mpxn == 0 ? (Datum) 0 :
		slot_getattr(alert.row, diversion->mpxn, &isnull);
	if (isnull)
		alert.mpxn = (Datum) 0;
	poa_log_write(diversion->log, &alert, matches, nmatches, !diversion->shadow);
	return PointerGetDatum(diversion->shadow ? tuple : NULL);
}
