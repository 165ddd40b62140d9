/* SPDX-License-Identifier: Apache-2.0 */
/* An SQLite VFS over the default one whose nth write or sync fails, once or from then on. */
#ifndef TESTS_UNIT_STORAGE_FAULT_VFS_H
#define TESTS_UNIT_STORAGE_FAULT_VFS_H

#include <stdbool.h>

enum fault_op { FAULT_WRITE, FAULT_SYNC };
void fault_vfs_install(void); /* becomes the default VFS */
void fault_vfs_arm(enum fault_op op, int nth, int code,
		   bool sticky); /* nth from now, 1: the next; 0: never */
bool fault_vfs_hit(void);        /* did it fail since it was armed? */

#endif
