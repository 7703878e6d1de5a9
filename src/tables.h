/*-------------------------------------------------------------------------
 *
 * tables.h
 *	  The columns of the extension's tables that C code reads by number.
 *
 * src/tables.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_TABLES_H
#define POA_TABLES_H

/* poa.manufacturer and poa.device, in the order of registry.sql */
enum
{
	MANUFACTURER_WINDOW_BEFORE = 3,
	MANUFACTURER_WINDOW_AFTER
};

enum
{
	DEVICE_TYPE = 2,
	DEVICE_SMETS,
	DEVICE_MANUFACTURER,
	DEVICE_CHF,
	DEVICE_MPXN
};

/* poa.activation, by the names that activation.c still uses */
#define ACTIVATION_ID Anum_activation_activation_id
#define ACTIVATION_DEVICE Anum_activation_device
#define ACTIVATION_CHF Anum_activation_chf
#define ACTIVATION_REQUEST_ID Anum_activation_request_id
#define ACTIVATION_RECEIVED_AT Anum_activation_received_at
#define ACTIVATION_ACTIVATES_AT Anum_activation_activates_at
#define ACTIVATION_OPENS_AT Anum_activation_opens_at
#define ACTIVATION_CLOSES_AT Anum_activation_closes_at
#define ACTIVATION_STATUS Anum_activation_status
#define ACTIVATION_MANUFACTURER Anum_activation_manufacturer
#define ACTIVATION_MPXN Anum_activation_mpxn
#define ACTIVATION_ORIGINATOR Anum_activation_originator
#define ACTIVATION_FIRMWARE_HASH Anum_activation_firmware_hash
#define ACTIVATION_TRACKED_AT Anum_activation_tracked_at
#define ACTIVATION_ENDED_AT Anum_activation_ended_at
#define ACTIVATION_ENDED_BY Anum_activation_ended_by
#define ACTIVATION_NUM_COLUMNS Natts_activation

#endif							/* POA_TABLES_H */
