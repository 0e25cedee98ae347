export const discount = 10
