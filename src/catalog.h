/*-------------------------------------------------------------------------
 *
 * catalog.h
 *	  Look up the objects of the extension, and act as their owner.
 *
 * src/catalog.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_CATALOG_H
#define POA_CATALOG_H

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

extern Oid	poa_relation(const char *name);
extern Oid	poa_guid_type(void);
extern Oid	poa_guid_schema(void);
extern Oid	poa_function(const char *signature);
extern void poa_become_owner(Oid *caller, int *security);
extern uint64 poa_execute(const char *sql, int nparams, Oid *types, Datum *values);

#endif							/* POA_CATALOG_H */
