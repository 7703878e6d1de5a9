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

/* poa.activation, in the order of activation.sql */
enum
{
	ACTIVATION_ID = 1,
	ACTIVATION_DEVICE,
	ACTIVATION_CHF,
	ACTIVATION_REQUEST_ID,
	ACTIVATION_RECEIVED_AT,
	ACTIVATION_ACTIVATES_AT,
	ACTIVATION_OPENS_AT,
	ACTIVATION_CLOSES_AT,
	ACTIVATION_STATUS,
	ACTIVATION_MANUFACTURER,
	ACTIVATION_MPXN,
	ACTIVATION_ORIGINATOR,
	ACTIVATION_FIRMWARE_HASH,
	ACTIVATION_TRACKED_AT,
	ACTIVATION_ENDED_AT,
	ACTIVATION_ENDED_BY,
	ACTIVATION_NUM_COLUMNS = ACTIVATION_ENDED_BY
};

#endif							/* POA_TABLES_H */
