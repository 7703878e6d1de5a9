/*-------------------------------------------------------------------------
 *
 * distributor.h
 *	  The distributor of an MPxN.
 *
 * src/distributor.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_DISTRIBUTOR_H
#define POA_DISTRIBUTOR_H

extern bool poa_distributor_of(const NullableDatum *mpxn, int16 *distributor_id);

#endif							/* POA_DISTRIBUTOR_H */
