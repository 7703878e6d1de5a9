/*-------------------------------------------------------------------------
 *
 * poa_suppress.h
 *	  The settings of the module.
 *
 * src/poa_suppress.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_SUPPRESS_H
#define POA_SUPPRESS_H

/* poa_suppress.enabled: false stores every alert */
extern bool poa_enabled;

#endif							/* POA_SUPPRESS_H */
