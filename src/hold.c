/*-------------------------------------------------------------------------
 *
 * hold.c
 *	  Windows that do not suppress for a while.
 *
 * src/hold.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"

#include "catalog.h"
#include "compat.h"
#include "guid.h"
#include "hold.h"
#include "hold_log.h"
#include "probe.h"

/*
 * Open the holds that have not been ended, by the time at which they end by
 * themselves.
 */
void
poa_holds_open(PoaProbe *holds)
{
	poa_probe_open_after(holds, "hold_log", AccessShareLock, "hold_log_until_idx");
}

/*
 * Is what a hold names, in a column of the row in the slot, the given guid?  A
 * hold that names none names all.
 */
static bool
names_guid(TupleTableSlot *slot, AttrNumber attno, const NullableDatum *guid)
{
	bool		isnull;
	Datum		named = slot_getattr(slot, attno, &isnull);

	return isnull || (!guid->isnull && DatumGetGuid(named) == DatumGetGuid(guid->value));
}

/*
 * The same for a distributor.
 */
static bool
names_distributor(TupleTableSlot *slot, const NullableDatum *distributor_id)
{
	bool		isnull;
	Datum		named = slot_getattr(slot, Anum_hold_log_distributor_id, &isnull);

	return isnull ||
		(!distributor_id->isnull && DatumGetInt16(named) == DatumGetInt16(distributor_id->value));
}

/*
 * The same for a manufacturer.
 */
static bool
names_manufacturer(TupleTableSlot *slot, const NullableDatum *manufacturer)
{
	bool		isnull;
	Datum		named = slot_getattr(slot, Anum_hold_log_manufacturer, &isnull);
	text	   *wanted;

	if (isnull)
		return true;
	if (manufacturer->isnull)
		return false;
	wanted = DatumGetTextPP(manufacturer->value);

	return poa_text_is(named, VARDATA_ANY(wanted), VARSIZE_ANY_EXHDR(wanted));
}

/*
 * The hold in force, by the clock, that meets an alert and a window: its
 * number, the first of several, or 0.  It is that of any transaction that has
 * committed, also in one that keeps an older snapshot.
 */
int64
poa_hold_in_force(PoaProbe *holds, const PoaHeld *held)
{
	int64		first = 0;

	poa_probe_start(holds, TimestampTzGetDatum(GetCurrentTimestamp()));
	while (poa_probe_next(holds))
	{
		TupleTableSlot *slot = holds->slot;
		bool		isnull;
		int64		hold_id = DatumGetInt64(slot_getattr(slot, Anum_hold_log_hold_id, &isnull));

		if ((first == 0 || hold_id < first) &&
			names_guid(slot, Anum_hold_log_chf, &held->chf) &&
			names_distributor(slot, &held->distributor_id) &&
			names_manufacturer(slot, &held->manufacturer) &&
			names_guid(slot, Anum_hold_log_originator, &held->originator))
			first = hold_id;
	}
	poa_probe_end(holds);
	return first;
}

/*
 * hold_in_force(chf, distributor_id, manufacturer, originator): see hold.sql.
 */
PG_FUNCTION_INFO_V1(poa_hold_in_force_sql);
Datum
poa_hold_in_force_sql(PG_FUNCTION_ARGS)
{
	PoaProbe	holds = {0};
	PoaHeld		held = {
		.chf = fcinfo->args[0],
		.distributor_id = fcinfo->args[1],
		.manufacturer = fcinfo->args[2],
		.originator = fcinfo->args[3],
	};
	int64		hold_id;

	poa_holds_open(&holds);
	hold_id = poa_hold_in_force(&holds, &held);
	poa_probe_close(&holds);
	if (hold_id == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(hold_id);
}
