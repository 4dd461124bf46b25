/**
 * What an application keeps with a request, as `request.state`. It has no properties but those that are declared:
 *
 *     declare module "pyrois" {
 *       interface RequestState {
 *         user?: User;
 *       }
 *     }
 */
// biome-ignore lint/suspicious/noEmptyInterface: applications declare what is in it
export interface RequestState {}
