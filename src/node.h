/*-------------------------------------------------------------------------
 *
 * node.h
 *	  The number of this node among several.
 *
 * src/node.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_NODE_H
#define POA_NODE_H

#include "compat.h"

/* numbers of rows that each node has; node.sql has the same */
#define POA_NODE_NUMBERS	INT64CONST(1000000000000)

extern void poa_refuse_at_warehouse(const char *what, int64 number);

#endif							/* POA_NODE_H */
