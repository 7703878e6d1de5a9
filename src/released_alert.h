/*-------------------------------------------------------------------------
 *
 * released_alert.h
 *	  The columns of poa_internal.released_alert, by number.
 *
 * A test compares them with the catalog (sql/sanity.sql).
 *
 * src/released_alert.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_RELEASED_ALERT_H
#define POA_RELEASED_ALERT_H

#define Anum_released_alert_log_id		1
#define Anum_released_alert_chf			2
#define Anum_released_alert_decided_at	3

#define Natts_released_alert			3

#endif							/* POA_RELEASED_ALERT_H */
