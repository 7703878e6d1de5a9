/*-------------------------------------------------------------------------
 *
 * attach.c
 *	  Attachment: the arguments of the trigger on a table of alerts, its
 *	  columns, and the root of a partition.
 *
 * src/attach.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "attach.h"

/*
 * The table of which one is a partition, InvalidOid where it is none.  A
 * partition that is being detached concurrently is one until that is done, and
 * may be written to; get_partition_ancestors() knows no ancestors of it.
 */
Oid
poa_partition_parent(Oid relid)
{
	return get_rel_relispartition(relid) ? get_partition_parent(relid, true) : InvalidOid;
}

/*
 * The table that the log names for one that is attached: for a partition the
 * root of its tree.
 */
Oid
poa_attached_root(Relation alerts)
{
	Oid			relid = RelationGetRelid(alerts);
	Oid			parent;

	while (OidIsValid(parent = poa_partition_parent(relid)))
		relid = parent;
	return relid;
}

/*
 * The number of a column that the trigger's arguments name, checked against
 * what attach() saw: 42703 if it is gone, 42804 if its type is another, 0A000
 * if it is generated now.
 */
AttrNumber
poa_attached_column(Relation alerts, const char *name, Oid type, Oid other_type)
{
	int			attno = SPI_fnumber(RelationGetDescr(alerts), name);
	Oid			actual;

	if (attno <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of attached table \"%s\" does not exist",
						name, RelationGetRelationName(alerts)),
				 errdetail("The column was renamed or dropped after the table was attached."),
				 errhint("Detach the table with poa.detach() and attach it again with poa.attach()."),
				 errtable(alerts)));

	actual = SPI_gettypeid(RelationGetDescr(alerts), attno);
	if (actual != type && actual != other_type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of attached table \"%s\" has type %s, must be %s%s%s",
						name, RelationGetRelationName(alerts), format_type_be(actual),
						format_type_be(type), other_type == type ? "" : " or ",
						other_type == type ? "" : format_type_be(other_type)),
				 errdetail("The type was changed after the table was attached."),
				 errhint("Detach the table with poa.detach() and attach it again with poa.attach()."),
				 errtablecol(alerts, attno)));

	if (TupleDescAttr(RelationGetDescr(alerts), attno - 1)->attgenerated != '\0')
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("column \"%s\" of attached table \"%s\" is generated",
						name, RelationGetRelationName(alerts)),
				 errdetail("A generated column has no value yet when the alert is judged."),
				 errhint("Detach the table with poa.detach() and attach it again with poa.attach(), naming an ordinary column."),
				 errtablecol(alerts, attno)));
	return (AttrNumber) attno;
}

/*
 * A copy of the arguments that attach() gave the trigger of a table, which the
 * next invalidation would free; NULL where it has been detached meanwhile.  A
 * trigger that somebody made by hand, on a view say, attaches nothing, and
 * another session's temporary table cannot be read.
 */
char	  **
poa_attach_arguments(Relation alerts, Oid divert)
{
	if (alerts->rd_rel->relkind != RELKIND_RELATION &&
		alerts->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return NULL;
	if (RELATION_IS_OTHER_TEMP(alerts))
		return NULL;
	for (int i = 0; alerts->trigdesc != NULL && i < alerts->trigdesc->numtriggers; i++)
	{
		Trigger    *trigger = &alerts->trigdesc->triggers[i];

		if (trigger->tgfoid == divert && trigger->tgnargs == POA_NUM_ARGS &&
			strcmp(trigger->tgname, "~poa_suppress") == 0)
		{
			char	  **args = palloc(POA_NUM_ARGS * sizeof(char *));

			for (int n = 0; n < POA_NUM_ARGS; n++)
				args[n] = pstrdup(trigger->tgargs[n]);
			return args;
		}
	}
	return NULL;
}
