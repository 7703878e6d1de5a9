/*-------------------------------------------------------------------------
 *
 * hold_log.h
 *	  The columns of poa.hold_log, by number.
 *
 * A test compares them with the catalog (sql/sanity.sql).
 *
 * src/hold_log.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_HOLD_LOG_H
#define POA_HOLD_LOG_H

#define Anum_hold_log_hold_id			1
#define Anum_hold_log_held_at			2
#define Anum_hold_log_held_by			3
#define Anum_hold_log_until				4
#define Anum_hold_log_reason			5
#define Anum_hold_log_chf				6
#define Anum_hold_log_distributor_id	7
#define Anum_hold_log_manufacturer		8
#define Anum_hold_log_originator		9
#define Anum_hold_log_ended_at			10
#define Anum_hold_log_ended_by			11

#define Natts_hold_log					11

#endif							/* POA_HOLD_LOG_H */
