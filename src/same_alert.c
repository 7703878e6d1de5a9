/*-------------------------------------------------------------------------
 *
 * same_alert.c
 *	  What the log has of an alert that is delivered, or moved, again.
 *
 * With a key the same alert is that of the same table and key, else that of the
 * same table, hub, instant and MPxN; all that is logged is of one code.
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
#include "guid.h"
#include "probe.h"
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

	/* the last alert of which no like row of the log stands in the table */
	bool		none_stands;
	PoaAlert	last;
	text	   *last_mpxn;		/* NULL where it had none */

	PoaProbe	by_key;			/* open once an alert has a key */
	PoaProbe	by_hub;
	PoaProbe	releases;		/* open once a diverted alert is found */
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
	poa_probe_open(&same->by_hub, "suppression_log", AccessShareLock,
				   "suppression_log_chf_decided_at_idx");
	return same;
}

/*
 * Release what is open.  The memory goes with its context.
 */
void
poa_same_alert_close(PoaSameAlert *same)
{
	poa_probe_close(&same->by_key);
	poa_probe_close(&same->by_hub);
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
 * Find the alert by its hub, instant and MPxN, as it has been committed, or
 * logged by the same statement.  Where it has a key only rows without one are of
 * use, logged before the table had a key.
 */
static PoaLogged
find_by_hub(PoaSameAlert *same, const PoaAlert *alert)
{
	PoaProbe   *probe = &same->by_hub;
	PoaLogged	found = POA_NOT_LOGGED;

	poa_probe_start_from(probe, alert->chf, TimestampTzGetDatum(alert->at), SnapshotSelf);
	while (found == POA_NOT_LOGGED && poa_probe_next(probe))
	{
		bool		isnull;
		Datum		at = slot_getattr(probe->slot, Anum_suppression_log_decided_at, &isnull);
		Datum		mpxn = slot_getattr(probe->slot, Anum_suppression_log_mpxn, &isnull);

		if (DatumGetTimestampTz(at) != alert->at)
			break;
		if (isnull != alert->mpxn.isnull)
			continue;
		if (!isnull)
		{
			text	   *wanted = DatumGetTextPP(alert->mpxn.value);

			if (!poa_text_is(mpxn, VARDATA_ANY(wanted), VARSIZE_ANY_EXHDR(wanted)))
				continue;
		}
		if (!alert->key.isnull)
		{
			(void) slot_getattr(probe->slot, Anum_suppression_log_alert_key, &isnull);
			if (!isnull)
				continue;
		}
		if (is_of_table(same, probe->slot) && stands(same, probe->slot))
			found = POA_LOGGED_STANDS;
	}
	poa_probe_end(probe);
	return found;
}

/*
 * Is an alert like the last one of which nothing was found to stand?  So many
 * of one hub, instant and MPxN do not cost the square of their number.
 */
static bool
is_like_last(PoaSameAlert *same, const PoaAlert *alert)
{
	text	   *mpxn;

	if (!same->none_stands || !alert->key.isnull ||
		DatumGetGuid(alert->chf) != DatumGetGuid(same->last.chf) || alert->at != same->last.at ||
		alert->mpxn.isnull != (same->last_mpxn == NULL))
		return false;
	if (alert->mpxn.isnull)
		return true;
	mpxn = DatumGetTextPP(alert->mpxn.value);
	return poa_text_is(PointerGetDatum(same->last_mpxn), VARDATA_ANY(mpxn), VARSIZE_ANY_EXHDR(mpxn));
}

/*
 * Remember an alert without a key of which nothing stands.
 */
static void
remember(PoaSameAlert *same, const PoaAlert *alert)
{
	if (same->last_mpxn != NULL)
		pfree(same->last_mpxn);
	same->last_mpxn = NULL;
	same->last.chf = alert->chf;
	same->last.at = alert->at;
	if (!alert->mpxn.isnull)
	{
		MemoryContext caller = MemoryContextSwitchTo(same->context);

		same->last_mpxn = DatumGetTextPCopy(alert->mpxn.value);
		MemoryContextSwitchTo(caller);
	}
	same->none_stands = true;
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
		poa_same_alert_settled(same, alert, false);
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

	if (is_like_last(same, alert))
		return POA_NOT_LOGGED;
	if (!alert->key.isnull)
		found = find_by_key(same, alert);
	if (found == POA_NOT_LOGGED)
		found = find_by_hub(same, alert);
	if (found == POA_NOT_LOGGED && alert->key.isnull)
		remember(same, alert);
	return found;
}

/*
 * The alert has been logged, or needs not to be.  in_table is true where it is
 * stored as well.
 */
void
poa_same_alert_settled(PoaSameAlert *same, const PoaAlert *alert, bool in_table)
{
	if (in_table)
		same->none_stands = false;
	if (!alert->key.isnull)
		UnlockDatabaseObject(same->log, key_lock(same, alert), 0, ExclusiveLock);
}
