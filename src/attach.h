/*-------------------------------------------------------------------------
 *
 * attach.h
 *	  Attachment: the arguments of the trigger, and the columns they name.
 *
 * src/attach.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_ATTACH_H
#define POA_ATTACH_H

#include "utils/rel.h"
#include "utils/reltrigger.h"

/*
 * The arguments of the trigger, in the order in which poa.attach() writes them
 * and view poa_internal.attachment reads them.  The first are columns, each
 * empty where the table has none.
 */
typedef enum PoaArgument
{
	POA_ARG_CODE,
	POA_ARG_CHF,
	POA_ARG_AT,
	POA_ARG_MPXN,
	POA_ARG_DEVICE,
	POA_ARG_KEY,
	POA_ARG_STARTED,
	POA_NUM_COLUMN_ARGS,
	POA_ARG_MODE = POA_NUM_COLUMN_ARGS,
	POA_ARG_SCHEMA,				/* what the table was called when attached */
	POA_ARG_TABLE,
	POA_ARG_TYPES,				/* of the columns when attached, a letter each */
	POA_NUM_ARGS
} PoaArgument;

extern Oid	poa_partition_parent(Oid relid);
extern Oid	poa_attached_root(Relation alerts);
extern bool poa_has_attach_arguments(const Trigger *trigger);
extern char **poa_attach_arguments(Relation alerts, Oid divert);
extern AttrNumber poa_attached_column(Relation alerts, PoaArgument role, char **args);

#endif							/* POA_ATTACH_H */
