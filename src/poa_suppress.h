/*-------------------------------------------------------------------------
 *
 * poa_suppress.h
 *	  What the rooms of the extension share: settings, and the way to its
 *	  own tables.
 *
 * src/poa_suppress.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_SUPPRESS_H
#define POA_SUPPRESS_H

#include "fmgr.h"

#include "compat.h"

/*
 * Is a text these characters?
 */
static inline bool
poa_text_is(Datum value, const char *other, size_t len)
{
	text	   *t = DatumGetTextPP(value);

	return VARSIZE_ANY_EXHDR(t) == len && memcmp(VARDATA_ANY(t), other, len) == 0;
}

extern bool poa_enabled;

extern Oid	poa_schema(FunctionCallInfo fcinfo);
extern Oid	poa_relation(Oid schema, const char *name);
extern Oid	poa_guid_type(Oid schema);
extern Oid	poa_guid_schema(Oid schema);
extern Oid	poa_partition_parent(Oid relid);
extern Oid	poa_function(Oid schema, const char *signature);
extern void poa_become_owner(Oid schema, Oid *caller, int *security);
extern uint64 poa_execute(const char *sql, int nparams, Oid *types, Datum *values);

#endif							/* POA_SUPPRESS_H */
