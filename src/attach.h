/*-------------------------------------------------------------------------
 *
 * attach.h
 *	  The arguments of the trigger on an attached table, and its columns.
 *
 * src/attach.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_ATTACH_H
#define POA_ATTACH_H

#include "utils/rel.h"

/* In the order in which attach() writes them */
enum
{
	POA_ARG_CODE,
	POA_ARG_CHF,
	POA_ARG_AT,
	POA_ARG_MPXN,				/* empty where the table has none */
	POA_ARG_DEVICE,				/* empty where the table has none */
	POA_ARG_MODE,
	POA_NUM_ARGS
};

extern Oid	poa_partition_parent(Oid relid);
extern Oid	poa_attached_root(Relation alerts);
extern char **poa_attach_arguments(Relation alerts, Oid divert);
extern AttrNumber poa_attached_column(Relation alerts, const char *name, Oid type, Oid other_type);

#endif							/* POA_ATTACH_H */
