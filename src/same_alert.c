/*-------------------------------------------------------------------------
 *
 * same_alert.c
 *	  What the log has of an alert that is delivered, or moved, again.
 *
 * With a key the same alert is that of the same table and key, else that of the
 * same table, hub, instant and MPxN; all that is logged is of one code.  Without
 * a key only what stands in its table is looked for, in indexes of just that, so
 * that the cost does not grow with the number of like alerts that were diverted.
 *
 * Of two deliveries of one key at the same time the second waits for the end of
 * the first, whose row it finds although it is not committed.  A lock on the key
 * is held from the look to the insertion, so that not both find nothing.  It is
 * not held to the end of the transaction: a large COPY of diverted alerts would
 * fill the lock table.
 *
 * src/same_alert.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "attach.h"
#include "catalog.h"
#include "compat.h"
#include "probe.h"
#include "released_alert.h"
#include "same_alert.h"
#include "suppression_log.h"

struct PoaSameAlert
{
	MemoryContext context;
	Oid			log;
	Oid			source;			/* the table that the log names */
	char	   *source_schema;
	char	   *source_table;

	/* another name that the log has, and the table to which its rows belong */
	char	   *other_schema;
	char	   *other_table;
	Oid			other_source;
	FmgrInfo	attached_table;

	PoaProbe	stored;			/* by hub and instant, what was not diverted */
	PoaProbe	released;		/* by hub and instant, what was released */
	PoaProbe	by_key;			/* these are open once needed */
	PoaProbe	by_id;
	PoaProbe	releases;		/* by log_id */
};

/*
 * Prepare to look up the alerts of one table, in the current memory context.
 */
PoaSameAlert *
poa_same_alert_open(Relation alerts)
{
	PoaSameAlert *same = palloc0(sizeof(PoaSameAlert));

	same->context = CurrentMemoryContext;
	same->log = poa_relation("suppression_log");
	same->source = poa_attached_root(alerts);
	same->source_schema = get_namespace_name(get_rel_namespace(same->source));
	same->source_table = get_rel_name(same->source);
	poa_probe_open(&same->stored, "suppression_log", AccessShareLock,
				   "suppression_log_stored_idx");
	poa_probe_open(&same->released, "released_alert", AccessShareLock,
				   "released_alert_chf_decided_at_idx");
	return same;
}

/*
 * Release what is open.  The memory goes with its context.
 */
void
poa_same_alert_close(PoaSameAlert *same)
{
	poa_probe_close(&same->stored);
	poa_probe_close(&same->released);
	poa_probe_close(&same->by_key);
	poa_probe_close(&same->by_id);
	poa_probe_close(&same->releases);
}

/*
 * Open a probe of which few statements have a use.
 */
static void
open_when_needed(PoaSameAlert *same, PoaProbe *probe, const char *table, const char *index)
{
	MemoryContext caller;

	if (probe->heap != NULL)
		return;
	caller = MemoryContextSwitchTo(same->context);
	poa_probe_open(probe, table, AccessShareLock, index);
	MemoryContextSwitchTo(caller);
}

/*
 * Is a text of the slot this string?
 */
static bool
is_string(TupleTableSlot *slot, AttrNumber attno, const char *string)
{
	bool		isnull;

	return string != NULL &&
		poa_text_is(slot_getattr(slot, attno, &isnull), string, strlen(string));
}

/*
 * The table to which log rows with other_schema and other_table belong, by
 * attached_table().  The writer of alerts may not execute it, so it runs
 * as the owner of the extension.
 */
static Oid
find_other_source(PoaSameAlert *same)
{
	LOCAL_FCINFO(call, 2);
	Oid			user;
	int			security;
	Datum		source;

	poa_become_owner(&user, &security);
	if (!OidIsValid(same->attached_table.fn_oid))
		fmgr_info_cxt(poa_function("poa_internal.attached_table(pg_catalog.text, pg_catalog.text)"),
					  &same->attached_table, same->context);
	InitFunctionCallInfoData(*call, &same->attached_table, 2, InvalidOid, NULL, NULL);
	call->args[0].value = CStringGetTextDatum(same->other_schema);
	call->args[0].isnull = false;
	call->args[1].value = CStringGetTextDatum(same->other_table);
	call->args[1].isnull = false;
	source = FunctionCallInvoke(call);
	SetUserIdAndSecContext(user, security);
	return call->isnull ? InvalidOid : DatumGetObjectId(source);
}

/*
 * Does the log row in the slot belong to the table?  One that has another name
 * may, where the table was renamed.
 */
static bool
is_of_table(PoaSameAlert *same, TupleTableSlot *slot)
{
	MemoryContext caller;
	bool		isnull;

	if (is_string(slot, Anum_suppression_log_source_table, same->source_table) &&
		is_string(slot, Anum_suppression_log_source_schema, same->source_schema))
		return true;
	if (is_string(slot, Anum_suppression_log_source_table, same->other_table) &&
		is_string(slot, Anum_suppression_log_source_schema, same->other_schema))
		return same->other_source == same->source;

	if (same->other_schema != NULL)
	{
		pfree(same->other_schema);
		pfree(same->other_table);
	}
	caller = MemoryContextSwitchTo(same->context);
	same->other_schema = TextDatumGetCString(slot_getattr(slot, Anum_suppression_log_source_schema, &isnull));
	same->other_table = TextDatumGetCString(slot_getattr(slot, Anum_suppression_log_source_table, &isnull));
	MemoryContextSwitchTo(caller);
	same->other_source = find_other_source(same);
	return same->other_source == same->source;
}

/*
 * Does the alert of the log row in the slot stand in its table?
 */
static bool
stands(PoaSameAlert *same, TupleTableSlot *slot)
{
	bool		isnull;
	bool		released;

	if (!DatumGetBool(slot_getattr(slot, Anum_suppression_log_diverted, &isnull)))
		return true;
	open_when_needed(same, &same->releases, "release_log", "release_log_pkey");
	poa_probe_start_with(&same->releases, slot_getattr(slot, Anum_suppression_log_log_id, &isnull), SnapshotSelf);
	released = poa_probe_next(&same->releases);
	poa_probe_end(&same->releases);
	return released;
}

/*
 * Is the log row in the slot, of the same hub and instant, that of the same
 * alert?  Where the alert has a key only a row without one can be, logged before
 * the table had a key.
 */
static bool
is_same_but_for_key(PoaSameAlert *same, const PoaAlert *alert, TupleTableSlot *slot)
{
	bool		isnull;
	Datum		mpxn;

	if (!alert->key.isnull)
	{
		(void) slot_getattr(slot, Anum_suppression_log_alert_key, &isnull);
		if (!isnull)
			return false;
	}
	mpxn = slot_getattr(slot, Anum_suppression_log_mpxn, &isnull);
	if (isnull != alert->mpxn.isnull)
		return false;
	if (!isnull)
	{
		text	   *wanted = DatumGetTextPP(alert->mpxn.value);

		if (!poa_text_is(mpxn, VARDATA_ANY(wanted), VARSIZE_ANY_EXHDR(wanted)))
			return false;
	}
	return is_of_table(same, slot);
}

/*
 * Find the alert among those of its hub and instant that were not diverted.
 */
static bool
find_stored(PoaSameAlert *same, const PoaAlert *alert)
{
	PoaProbe   *probe = &same->stored;
	bool		found = false;

	poa_probe_start_from(probe, alert->chf, TimestampTzGetDatum(alert->at), SnapshotSelf);
	while (!found && poa_probe_next(probe))
	{
		bool		isnull;
		Datum		at = slot_getattr(probe->slot, Anum_suppression_log_decided_at, &isnull);

		if (DatumGetTimestampTz(at) != alert->at)
			break;
		found = is_same_but_for_key(same, alert, probe->slot);
	}
	poa_probe_end(probe);
	return found;
}

/*
 * Find the alert among those of its hub and instant that were released.
 */
static bool
find_released(PoaSameAlert *same, const PoaAlert *alert)
{
	PoaProbe   *probe = &same->released;
	bool		found = false;

	poa_probe_start_from(probe, alert->chf, TimestampTzGetDatum(alert->at), SnapshotSelf);
	while (!found && poa_probe_next(probe))
	{
		bool		isnull;
		Datum		at = slot_getattr(probe->slot, Anum_released_alert_decided_at, &isnull);

		if (DatumGetTimestampTz(at) != alert->at)
			break;
		open_when_needed(same, &same->by_id, "suppression_log", "suppression_log_pkey");
		poa_probe_start_with(&same->by_id, slot_getattr(probe->slot, Anum_released_alert_log_id, &isnull),
							 SnapshotSelf);
		found = poa_probe_next(&same->by_id) && is_same_but_for_key(same, alert, same->by_id.slot);
		poa_probe_end(&same->by_id);
	}
	poa_probe_end(probe);
	return found;
}

/*
 * The number by which the key of an alert is locked.
 */
static uint32
key_lock(PoaSameAlert *same, const PoaAlert *alert)
{
	text	   *key = DatumGetTextPP(alert->key.value);

	return hash_combine(murmurhash32(same->source),
						hash_bytes((unsigned char *) VARDATA_ANY(key), (int) VARSIZE_ANY_EXHDR(key)));
}

/*
 * Find the alert by its key, with its lock held, once no other transaction is
 * about to log it.
 */
static PoaLogged
find_by_key(PoaSameAlert *same, const PoaAlert *alert)
{
	PoaProbe   *probe = &same->by_key;
	SnapshotData dirty;
	PoaLogged	found;
	TransactionId in_progress;

	InitDirtySnapshot(dirty);
	open_when_needed(same, probe, "suppression_log", "suppression_log_alert_key_idx");
	for (;;)
	{
		found = POA_NOT_LOGGED;
		in_progress = InvalidTransactionId;
		LockDatabaseObject(same->log, key_lock(same, alert), 0, ExclusiveLock);
		poa_probe_start_with(probe, alert->key.value, &dirty);
		while (found != POA_LOGGED_STANDS && poa_probe_next(probe))
		{
			TransactionId inserter = dirty.xmin;

			if (!is_of_table(same, probe->slot))
				continue;
			if (TransactionIdIsValid(inserter))
			{
				in_progress = inserter;
				break;
			}
			found = stands(same, probe->slot) ? POA_LOGGED_STANDS : POA_LOGGED_DIVERTED;
		}
		poa_probe_end(probe);
		if (!TransactionIdIsValid(in_progress))
			return found;
		poa_same_alert_settled(same, alert);
		XactLockTableWait(in_progress, NULL, NULL, XLTW_None);
	}
}

/*
 * What the log has of an alert.  Of one with a key the lock is held until
 * poa_same_alert_settled() is called, or the transaction ends.
 */
PoaLogged
poa_same_alert_find(PoaSameAlert *same, const PoaAlert *alert)
{
	PoaLogged	found = POA_NOT_LOGGED;

	if (!alert->key.isnull)
		found = find_by_key(same, alert);
	if (found == POA_NOT_LOGGED && (find_stored(same, alert) || find_released(same, alert)))
		found = POA_LOGGED_STANDS;
	return found;
}

/*
 * The alert has been logged, or needs not to be.
 */
void
poa_same_alert_settled(PoaSameAlert *same, const PoaAlert *alert)
{
	if (!alert->key.isnull)
		UnlockDatabaseObject(same->log, key_lock(same, alert), 0, ExclusiveLock);
}
