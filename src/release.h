/*-------------------------------------------------------------------------
 *
 * release.h
 *	  The one alert that may pass the trigger unjudged.
 *
 * src/release.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_RELEASE_H
#define POA_RELEASE_H

#include "utils/rel.h"

extern bool poa_release_passes(Relation alerts);

#endif							/* POA_RELEASE_H */
