/*-------------------------------------------------------------------------
 *
 * suppression_log.h
 *	  The columns of poa.suppression_log, by number.
 *
 * A test compares them with the catalog (sql/sanity.sql).
 *
 * src/suppression_log.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_SUPPRESSION_LOG_H
#define POA_SUPPRESSION_LOG_H

#define Anum_suppression_log_log_id				1
#define Anum_suppression_log_logged_at			2
#define Anum_suppression_log_diverted			3
#define Anum_suppression_log_source_schema		4
#define Anum_suppression_log_source_table		5
#define Anum_suppression_log_alert				6
#define Anum_suppression_log_alert_code			7
#define Anum_suppression_log_chf				8
#define Anum_suppression_log_mpxn				9
#define Anum_suppression_log_distributor_id		10
#define Anum_suppression_log_decided_at			11
#define Anum_suppression_log_activation_id		12
#define Anum_suppression_log_matched			13
#define Anum_suppression_log_device				14
#define Anum_suppression_log_manufacturer		15
#define Anum_suppression_log_request_id			16
#define Anum_suppression_log_activates_at		17
#define Anum_suppression_log_opens_at			18
#define Anum_suppression_log_closes_at			19
#define Anum_suppression_log_delay				20
#define Anum_suppression_log_alert_key			21
#define Anum_suppression_log_outage_started_at	22
#define Anum_suppression_log_hold_id			23
#define Anum_suppression_log_originator			24

#define Natts_suppression_log					24

#endif							/* POA_SUPPRESSION_LOG_H */
