/*-------------------------------------------------------------------------
 *
 * node.c
 *	  The number of this node among several, and what is not done at the
 *	  warehouse.
 *
 * src/node.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "catalog.h"
#include "node.h"

/* the number of the warehouse, and that of a server that has none */
#define WAREHOUSE	0
#define NO_NODE		(-1)

/*
 * The number of this node: the column of the only row of poa.node, which a
 * single machine leaves empty.  A scan of no page costs less than a query would.
 */
static int
this_node(void)
{
	Relation	rel = table_open(poa_relation("node"), AccessShareLock);
	TableScanDesc scan = table_beginscan(rel, GetActiveSnapshot(), 0, NULL);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	int			node = NO_NODE;

	if (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;

		node = DatumGetInt32(slot_getattr(slot, 1, &isnull));
	}
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	table_close(rel, AccessShareLock);
	return node;
}

/*
 * this_node(): the number of this node, NULL where it has none.
 */
PG_FUNCTION_INFO_V1(poa_this_node);
Datum
poa_this_node(PG_FUNCTION_ARGS)
{
	int			node = this_node();

	if (node == NO_NODE)
		PG_RETURN_NULL();
	PG_RETURN_INT32(node);
}

/*
 * Raise 55000 at the warehouse, elsewhere do nothing.  What is not done there is
 * done at the node that gave the number out, which is named unless the number
 * is 0.
 */
void
poa_refuse_at_warehouse(const char *what, int64 number)
{
	if (likely(this_node() != WAREHOUSE))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("%s cannot be called at the warehouse", what),
			 number >= POA_NODE_NUMBERS ?
			 errdetail("%lld is a number of node %lld.", (long long) number, (long long) (number / POA_NODE_NUMBERS)) :
			 errdetail("The warehouse has what its nodes send, and changes none of it."),
			 number >= POA_NODE_NUMBERS ?
			 errhint("Call it at node %lld.", (long long) (number / POA_NODE_NUMBERS)) :
			 errhint("Call it at the node that it concerns.")));
}

/*
 * refuse_at_warehouse(what, number): the same for SQL, where NULL stands for no
 * number.
 */
PG_FUNCTION_INFO_V1(poa_refuse_at_warehouse_sql);
Datum
poa_refuse_at_warehouse_sql(PG_FUNCTION_ARGS)
{
	poa_refuse_at_warehouse(text_to_cstring(PG_GETARG_TEXT_PP(0)),
							PG_ARGISNULL(1) ? 0 : PG_GETARG_INT64(1));
	PG_RETURN_VOID();
}
