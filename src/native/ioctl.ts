// SPDX-License-Identifier: Apache-2.0
/** ioctl(2), for the files of this room that give it meaning. */
import { libcCall } from "./call.ts";

/** `ioctl(fd, request, pointer)` → the result, or `-errno`. */
export const ioctlCall = libcCall("ioctl", "int", ["int", "ulong", "void *"]);

/** `ioctl(fd, request, value)`, for requests whose argument is a number. */
export const ioctlValue = libcCall("ioctl", "int", ["int", "ulong", "ulong"]);
