/*-------------------------------------------------------------------------
 *
 * report.h
 *	  Statements whose rows are the result of the function that runs.
 *
 * src/report.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_REPORT_H
#define POA_REPORT_H

#include "executor/spi.h"
#include "fmgr.h"

extern SPIPlanPtr poa_prepare_report(FunctionCallInfo fcinfo, const char *sql, ParamListInfo *params);
extern void poa_append_result(FunctionCallInfo fcinfo, SPIPlanPtr plan, ParamListInfo params);

#endif							/* POA_REPORT_H */
