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

extern bool poa_enabled;

extern Oid	poa_schema(FunctionCallInfo fcinfo);
extern Oid	poa_relation(Oid schema, const char *name);
extern Oid	poa_guid_type(Oid schema);
extern Oid	poa_guid_schema(Oid schema);

#endif							/* POA_SUPPRESS_H */
