/*-------------------------------------------------------------------------
 *
 * divert.c
 *	  The trigger on the DSP's table of alerts: store an alert, or divert it.
 *
 * An AD1 whose hub has a suppressing window that holds its instant is written
 * to the suppression log instead of its table, in the same transaction; every
 * other row is stored untouched.  The hash index on the hub is searched; where a
 * hub has had more windows than one, a btree index that passes over those which
 * have closed, as otherwise the cost of an alert grows with the hub's old windows.
 *
 * What the trigger needs - columns, the open index, the writer of the log - is
 * kept for one statement and one table in fn_extra, so nothing has to be
 * invalidated: the statement's lock keeps the table as it is.  The open
 * relations are released when the memory of the statement is, or else at
 * abort, by the resource owner, and are then only taken off the list.
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
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "activation.h"
#include "alert_jsonb.h"
#include "attach.h"
#include "catalog.h"
#include "compat.h"
#include "guid.h"
#include "guid_parse.h"
#include "hold.h"
#include "log.h"
#include "poa_suppress.h"
#include "probe.h"
#include "release.h"
#include "same_alert.h"

/* What one statement keeps for one table of alerts */
typedef struct Diversion
{
	AttrNumber	columns[POA_NUM_COLUMN_ARGS];	/* 0 where the table has none */
	bool		padded_code;	/* the code is a char(n) */
	bool		text_hub;		/* the hub is a text */
	bool		shadow;
	Relation	alerts;			/* open as long as the statement runs */

	MemoryContext context;		/* the statement's */
	ResourceOwner owner;		/* of what is open below */
	SubTransactionId subid;		/* in which the statement runs */
	PoaProbe	windows;		/* by hub; open from the first AD1 on */
	PoaProbe	recent_windows; /* by hub, from a time on; open once needed */
	PoaProbe	holds;			/* these are open from the first one in a
								 * window on */
	PoaSameAlert *same;
	PoaLogWriter *log;
	MemoryContextCallback at_end;
	dlist_node	node;			/* in open_diversions */
} Diversion;

/* Those that hold open relations */
static dlist_head open_diversions = DLIST_STATIC_INIT(open_diversions);

/*
 * Take a diversion off the list of those that hold relations open, which the
 * resource owner releases at abort.
 */
static void
abandon_relations(Diversion *diversion)
{
	if (diversion->windows.heap != NULL)
		dlist_delete(&diversion->node);
	diversion->windows.heap = NULL;
	diversion->recent_windows.heap = NULL;
	diversion->holds.heap = NULL;
	diversion->same = NULL;
	diversion->log = NULL;
}

/*
 * The memory of a statement goes: release what its diversion holds open.  In
 * a transaction that aborts, the resource owner has released it already.
 */
static void
close_at_end_of_statement(void *arg)
{
	Diversion  *diversion = arg;
	ResourceOwner current = CurrentResourceOwner;

	if (diversion->windows.heap != NULL && IsTransactionState())
	{
		CurrentResourceOwner = diversion->owner;
		if (diversion->log != NULL)
		{
			poa_log_close(diversion->log);
			poa_same_alert_close(diversion->same);
			poa_probe_close(&diversion->holds);
		}
		dlist_delete(&diversion->node);
		poa_probe_close(&diversion->windows);
		poa_probe_close(&diversion->recent_windows);
		CurrentResourceOwner = current;
	}
	else
		abandon_relations(diversion);
}

/*
 * A subtransaction aborts: abandon what its statements hold open.  Statements
 * of the transactions around it go on.
 */
static void
abandon_at_subabort(SubXactEvent event, SubTransactionId subid,
					SubTransactionId parent, void *arg)
{
	dlist_mutable_iter iter;

	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	dlist_foreach_modify(iter, &open_diversions)
	{
		Diversion  *diversion = dlist_container(Diversion, node, iter.cur);

		if (diversion->subid == subid)
			abandon_relations(diversion);
	}
}

/*
 * A transaction aborts: abandon everything that is open.
 */
static void
abandon_at_abort(XactEvent event, void *arg)
{
	dlist_mutable_iter iter;

	if (event != XACT_EVENT_ABORT)
		return;
	dlist_foreach_modify(iter, &open_diversions)
		abandon_relations(dlist_container(Diversion, node, iter.cur));
}

/*
 * The type of a column.
 */
static Oid
column_type(Relation alerts, AttrNumber attno)
{
	return TupleDescAttr(RelationGetDescr(alerts), attno - 1)->atttypid;
}

/*
 * Make what a statement keeps for a table of alerts.  Nothing is opened yet:
 * a statement without an AD1 needs nothing.
 */
static Diversion *
prepare_statement(FunctionCallInfo fcinfo)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	Trigger    *trigger = trigdata->tg_trigger;
	Relation	alerts = trigdata->tg_relation;
	char	  **args = trigger->tgargs;
	Diversion  *diversion;

	if (!poa_has_attach_arguments(trigger))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" has arguments that poa.attach() did not write",
						trigger->tgname),
				 errhint("Create the trigger with poa.attach().")));

	diversion = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Diversion));
	diversion->alerts = alerts;
	for (int role = 0; role < POA_NUM_COLUMN_ARGS; role++)
		diversion->columns[role] = poa_attached_column(alerts, role, args);
	diversion->padded_code = column_type(alerts, diversion->columns[POA_ARG_CODE]) == BPCHAROID;
	diversion->text_hub = column_type(alerts, diversion->columns[POA_ARG_CHF]) != poa_guid_type();
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
		RegisterXactCallback(abandon_at_abort, NULL);
		RegisterSubXactCallback(abandon_at_subabort, NULL);
		callbacks_registered = true;
	}

	poa_probe_open(&diversion->windows, "activation", AccessShareLock,
				   "activation_chf_idx");
	diversion->owner = CurrentResourceOwner;
	diversion->subid = GetCurrentSubTransactionId();
	dlist_push_head(&open_diversions, &diversion->node);
	diversion->at_end.func = close_at_end_of_statement;
	diversion->at_end.arg = diversion;
	MemoryContextRegisterResetCallback(diversion->context, &diversion->at_end);
	MemoryContextSwitchTo(per_row);
}

/*
 * Does the row in the slot suppress an alert at an instant?
 */
static bool
is_in_suppressing_window(TupleTableSlot *slot, TimestampTz at)
{
	bool		isnull;
	Datum		status;

	/* one call for the last column fetches those before it too */
	status = slot_getattr(slot, Anum_activation_status, &isnull);
	if (at < DatumGetTimestampTz(slot->tts_values[Anum_activation_opens_at - 1]) ||
		at > DatumGetTimestampTz(slot->tts_values[Anum_activation_closes_at - 1]))
		return false;

	/* a tracked activation, or one that is known to have succeeded */
	return poa_text_is(status, "tracked", strlen("tracked")) ||
		poa_text_is(status, "succeeded", strlen("succeeded"));
}

/*
 * A copy of a text in the slot, in the current memory context.
 */
static NullableDatum
copy_text(TupleTableSlot *slot, AttrNumber attno)
{
	NullableDatum copy = {.isnull = slot->tts_isnull[attno - 1]};

	if (!copy.isnull)
		copy.value = PointerGetDatum(PG_DETOAST_DATUM_COPY(slot->tts_values[attno - 1]));
	return copy;
}

/*
 * Copy what the log keeps of the window in the slot.
 */
static void
copy_match(TupleTableSlot *slot, PoaMatch *match)
{
	Datum	   *values = slot->tts_values;

	slot_getsomeattrs(slot, Anum_activation_originator);
	match->activation_id = DatumGetInt64(values[Anum_activation_activation_id - 1]);
	match->device = GuidGetDatum(DatumGetGuid(values[Anum_activation_device - 1]));
	match->activates_at = DatumGetTimestampTz(values[Anum_activation_activates_at - 1]);
	match->opens_at = DatumGetTimestampTz(values[Anum_activation_opens_at - 1]);
	match->closes_at = DatumGetTimestampTz(values[Anum_activation_closes_at - 1]);
	match->request_id = copy_text(slot, Anum_activation_request_id);
	match->manufacturer = copy_text(slot, Anum_activation_manufacturer);
	match->mpxn = copy_text(slot, Anum_activation_mpxn);
	match->originator.isnull = slot->tts_isnull[Anum_activation_originator - 1];
	match->originator.value = match->originator.isnull ? (Datum) 0 :
		GuidGetDatum(DatumGetGuid(values[Anum_activation_originator - 1]));
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
 * Search again, for those windows of a hub that had not closed before an instant.
 * The hash index has no times, so each of a hub's old windows costs a visit in it.
 */
static PoaProbe *
probe_from_instant(Diversion *diversion, Datum chf, TimestampTz at)
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
	poa_probe_start_from(probe, chf, TimestampTzGetDatum(at), GetLatestSnapshot());
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
		probe = probe_from_instant(diversion, chf, at);
		found = poa_probe_next(probe);
	}
	for (; found; found = more && poa_probe_next(probe))
	{
		PoaMatch   *match;

		if (!is_in_suppressing_window(probe->slot, at))
			continue;
		*matches = n == 0 ? palloc(sizeof(PoaMatch)) :
			repalloc(*matches, (n + 1) * sizeof(PoaMatch));
		match = &(*matches)[n++];
		copy_match(probe->slot, match);
	}
	/* also when nothing was found: VACUUM waits for a page that it holds */
	poa_probe_end(probe);

	if (n > 1)
		qsort(*matches, n, sizeof(PoaMatch), compare_matches);
	return n;
}

/*
 * Open the log, and what is looked up before it is written, for the rest of the
 * statement.
 */
static void
open_log(Diversion *diversion)
{
	MemoryContext per_row = MemoryContextSwitchTo(diversion->context);
	PoaLogWriter *log = poa_log_open(diversion->alerts);

	poa_holds_open(&diversion->holds);
	diversion->same = poa_same_alert_open(diversion->alerts);
	diversion->log = log;
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
 * Is a code that of a power outage?  A char(n) has blanks behind it.
 */
static inline bool
is_power_outage(Datum code, bool padded)
{
	const Size	length = strlen(POWER_OUTAGE_ALERT);
	text	   *t;

	if (!padded && VARSIZE_ANY_EXHDR(DatumGetPointer(code)) != length)
		return false;
	t = DatumGetTextPP(code);
	if (padded && (Size) bpchartruelen(VARDATA_ANY(t), (int) VARSIZE_ANY_EXHDR(t)) != length)
		return false;
	return memcmp(VARDATA_ANY(t), POWER_OUTAGE_ALERT, length) == 0;
}

/*
 * Read the hub in a column of text, as try_guid() does; false where it is no
 * GUID.
 */
static bool
read_hub(Datum *chf)
{
	text	   *t = DatumGetTextPP(*chf);
	uint64		guid;

	if (!poa_guid_parse(VARDATA_ANY(t), VARSIZE_ANY_EXHDR(t), &guid))
		return false;
	*chf = GuidGetDatum(guid);
	return true;
}

/*
 * The value of a column of the alert, NULL where the table has no such column.
 */
static NullableDatum
optional_value(Diversion *diversion, TupleTableSlot *row, PoaArgument role)
{
	NullableDatum value = {.isnull = true};

	if (diversion->columns[role] != InvalidAttrNumber)
		value.value = slot_getattr(row, diversion->columns[role], &value.isnull);
	return value;
}

/*
 * Read what only an alert that is logged needs.
 */
static void
read_optional_columns(Diversion *diversion, PoaAlert *alert)
{
	alert->mpxn = optional_value(diversion, alert->row, POA_ARG_MPXN);
	if (!alert->mpxn.isnull &&
		column_type(diversion->alerts, diversion->columns[POA_ARG_MPXN]) == BPCHAROID)
		alert->mpxn.value = DirectFunctionCall1(rtrim1, alert->mpxn.value);
	alert->key = optional_value(diversion, alert->row, POA_ARG_KEY);
	if (!alert->key.isnull)
		alert->key.value = poa_key_text(alert->key.value,
										column_type(diversion->alerts, diversion->columns[POA_ARG_KEY]));
	alert->started = optional_value(diversion, alert->row, POA_ARG_STARTED);
}

/*
 * Leave out the windows that a hold keeps from suppressing an alert.  Where it
 * keeps all of them, they stay, and the number of the hold of the deciding one
 * is the result, else 0.
 */
static int64
leave_out_held(Diversion *diversion, const PoaAlert *alert, PoaMatch *matches, int *nmatches)
{
	int64		deciding_hold = 0;
	int			n = 0;

	for (int i = 0; i < *nmatches; i++)
	{
		int16		distributor_id = 0;
		bool		known = poa_alert_distributor(alert, &matches[i], &distributor_id);
		PoaHeld		held = {
			.chf = {.value = alert->chf},
			.distributor_id = {.value = Int16GetDatum(distributor_id),.isnull = !known},
			.manufacturer = matches[i].manufacturer,
			.originator = matches[i].originator,
		};
		int64		hold_id = poa_hold_in_force(&diversion->holds, &held);

		if (hold_id == 0)
			matches[n++] = matches[i];
		else if (i == 0)
			deciding_hold = hold_id;
	}
	if (n == 0)
		return deciding_hold;
	*nmatches = n;
	return 0;
}

/*
 * Divert an alert that windows hold, unless a hold or shadow mode has it stored,
 * and log it.  Returns whether it is diverted.
 *
 * One that was logged before and stands in its table is stored and not logged
 * again: it has been moved, or delivered again after its release.  One that was
 * diverted before, by its key, is diverted and not logged again.  What is stored
 * anyway and has no key is logged each time.
 */
static bool
divert_and_log(Diversion *diversion, PoaAlert *alert, PoaMatch *matches, int nmatches)
{
	int64		hold_id;
	bool		diverts;
	PoaLogged	logged = POA_NOT_LOGGED;

	read_optional_columns(diversion, alert);
	hold_id = leave_out_held(diversion, alert, matches, &nmatches);
	diverts = !diversion->shadow && hold_id == 0;
	if (diverts || !alert->key.isnull)
		logged = poa_same_alert_find(diversion->same, alert);
	if (logged == POA_NOT_LOGGED || (logged == POA_LOGGED_DIVERTED && !diverts))
		poa_log_write(diversion->log, alert, matches, nmatches, hold_id, diverts);
	poa_same_alert_settled(diversion->same, alert);
	return diverts && logged != POA_LOGGED_STANDS;
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
	Datum		value;
	bool		isnull;

	check_called_right(fcinfo);
	if (diversion == NULL && poa_enabled)
		diversion = prepare_statement(fcinfo);
	tuple = trigdata->tg_trigtuple;
	alert.row = trigdata->tg_trigslot;
	if (!poa_enabled)
		return PointerGetDatum(tuple);

	value = slot_getattr(alert.row, diversion->columns[POA_ARG_CODE], &isnull);
	if (isnull || !is_power_outage(value, diversion->padded_code))
		return PointerGetDatum(tuple);
	alert.chf = slot_getattr(alert.row, diversion->columns[POA_ARG_CHF], &isnull);
	if (isnull || (diversion->text_hub && !read_hub(&alert.chf)))
		return PointerGetDatum(tuple);
	value = slot_getattr(alert.row, diversion->columns[POA_ARG_AT], &isnull);
	if (isnull)
		return PointerGetDatum(tuple);
	alert.at = DatumGetTimestampTz(value);

	if (poa_release_passes(trigdata->tg_relation))
		return PointerGetDatum(tuple);

	nmatches = find_windows(diversion, alert.chf, alert.at, &matches);
	if (nmatches > 0 && diversion->log == NULL)
	{
		/* the lock on the log may have waited for a purge of activations */
		open_log(diversion);
		nmatches = find_windows(diversion, alert.chf, alert.at, &matches);
	}
	if (nmatches == 0)
		return PointerGetDatum(tuple);

	return PointerGetDatum(divert_and_log(diversion, &alert, matches, nmatches) ? NULL : tuple);
}
