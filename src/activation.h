/*-------------------------------------------------------------------------
 *
 * activation.h
 *	  The columns of poa.activation, by number.
 *
 * A test compares them with the catalog (sql/sanity.sql).
 *
 * src/activation.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_ACTIVATION_H
#define POA_ACTIVATION_H

#define Anum_activation_activation_id	1
#define Anum_activation_device			2
#define Anum_activation_chf				3
#define Anum_activation_request_id		4
#define Anum_activation_received_at		5
#define Anum_activation_activates_at	6
#define Anum_activation_opens_at		7
#define Anum_activation_closes_at		8
#define Anum_activation_status			9
#define Anum_activation_manufacturer	10
#define Anum_activation_mpxn			11
#define Anum_activation_originator		12
#define Anum_activation_firmware_hash	13
#define Anum_activation_tracked_at		14
#define Anum_activation_ended_at		15
#define Anum_activation_ended_by		16

#define Natts_activation				16

#endif							/* POA_ACTIVATION_H */
